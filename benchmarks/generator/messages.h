/* The messages of the two protocols, as far as a measuring client says and hears them. */
#ifndef MESSAGES_H
#define MESSAGES_H
#include "client.h"

void messages_start(const Target *target, const Listener *listener);
/* Send what a Hocuspocus provider sends first. */
void message_authenticate(Client *client);
/* Handle one message. */
void message_hear(Client *client, Reader message, int64_t now);
#endif
