/* One WebSocket client without a browser around it: its socket, its frames, and the two protocols' messages. */
#ifndef CLIENT_H
#define CLIENT_H
#include "yjs.h"

typedef enum { CLOSED, CONNECTING, UPGRADING, OPEN } State;

typedef struct {
    int fd;
    State state;
    int number, room, typist; /* typist: which of the room's it is, or -1 */
    bool synced;
    uint8_t *in, *out; /* what came of a frame that is not whole, and what the kernel did not take yet */
    size_t in_length, out_length, out_capacity;
    uint64_t received;    /* bytes of messages, this connection */
    unsigned unanswered;  /* Hocuspocus: step 2 messages sent whose status is not to be counted */
    uint32_t *covered;    /* of each typist of the room, the clock up to which everything came */
    uint32_t sent, acknowledged;
    int64_t started, retry_at;
    unsigned failures;
} Client;

/* Where the server is and how it is spoken to; `path` and `document` may hold one %d, for the room. */
typedef struct {
    const char *host, *path, *document, *token;
    int port, addresses, first_room;
    bool hocuspocus;
} Target;

/* What a client hears. `now` is the time at which the bytes were read. */
typedef struct {
    void (*opened)(Client *client);
    void (*synced)(Client *client, int64_t now);
    void (*update)(Client *client, Reader update, bool is_step_2, int64_t now);
    void (*step_1)(Client *client, Reader state_vector);
    void (*stored)(Client *client, bool yes, int64_t now);
    void (*closed)(Client *client);
} Listener;

int64_t now_ns(void);
void clients_start(const Target *target, const Listener *listener);
void client_connect(Client *client);
void client_close(Client *client);
/* Send a message that is in two parts, in one masked frame. */
void client_write(Client *client, const uint8_t *head, size_t head_length, const uint8_t *data, size_t length);
/* Send a sync message (0 step 1, 1 step 2, 2 update) in a masked frame. */
void client_sync(Client *client, uint8_t step, const uint8_t *data, size_t length);
/* Handle what the sockets have, waiting until `until` at most. */
void clients_poll(int64_t until);
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);
void *allocate(size_t count, size_t size);
#endif
