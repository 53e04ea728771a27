#define _GNU_SOURCE
#include "websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int write_handshake(char *to, size_t size, const char *path, const char *host, int port) {
    return snprintf(to, size,
                    "GET %s HTTP/1.1\r\nHost: %s:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                    path, host, port);
}

int read_handshake(const uint8_t *data, size_t length, size_t *used) {
    const uint8_t *end = memmem(data, length, "\r\n\r\n", 4);
    if (!end || length < 12) return 0;
    *used = (size_t)(end - data) + 4;
    return atoi((const char *)data + 9);
}

size_t write_frame_head(uint8_t *to, uint8_t opcode, size_t length) {
    size_t at = 2;
    to[0] = 0x80 | opcode;
    if (length < 126) to[1] = 0x80 | (uint8_t)length;
    else {
        int bytes = length < 65536 ? 2 : 8;
        to[1] = 0x80 | (bytes == 2 ? 126 : 127);
        for (int index = bytes - 1; index >= 0; index--) to[at++] = (uint8_t)(length >> (8 * index));
    }
    memset(to + at, 0, 4);
    return at + 4;
}

bool read_frame(uint8_t *data, size_t length, Frame *frame) {
    if (length < 2) return false;
    size_t at = 2, size = data[1] & 0x7f;
    if (size > 125) {
        int bytes = size == 126 ? 2 : 8;
        if (length < at + (size_t)bytes) return false;
        size = 0;
        while (bytes--) size = size << 8 | data[at++];
    }
    bool masked = data[1] & 0x80;
    uint8_t mask[4] = {0};
    if (masked) {
        if (length < at + 4) return false;
        memcpy(mask, data + at, 4);
        at += 4;
    }
    if (length < at + size) return false;
    *frame = (Frame){data[0] & 0x0f, data + at, size, at + size};
    if (masked)
        for (size_t index = 0; index < size; index++) frame->data[index] ^= mask[index & 3];
    return true;
}
