/* RFC 6455 as a client needs it: no extensions, no fragments, the mask 0. */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BINARY = 2, CLOSE_FRAME = 8, PING_FRAME = 9, PONG_FRAME = 10 };

typedef struct {
    uint8_t opcode;
    uint8_t *data; /* unmasked */
    size_t length, size;
} Frame;

/* Write the request of a handshake; its length. */
int write_handshake(char *to, size_t size, const char *path, const char *host, int port);
/* The status of the answer, and in `used` how long it is; 0 while it is not whole. */
int read_handshake(const uint8_t *data, size_t length, size_t *used);
/* Write what goes before a client's frame, at most 14 bytes; its length. */
size_t write_frame_head(uint8_t *to, uint8_t opcode, size_t length);
/* Read one whole frame off the front; false when there is none. */
bool read_frame(uint8_t *data, size_t length, Frame *frame);
#endif
