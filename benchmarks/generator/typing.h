#ifndef TYPING_H
#define TYPING_H
/* Connect, type for a while, and say how long edits took to arrive and to be acknowledged. */
int typing(void);
#endif
