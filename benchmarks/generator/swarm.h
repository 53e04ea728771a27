#ifndef SWARM_H
#define SWARM_H
/* Connect, say when all are synced, and stay until standard input ends. */
int swarm_run(void);
#endif
