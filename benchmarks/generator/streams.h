/* What the typists type: prepared Yjs updates of one character each, from a file that benchmarks/streams.py wrote. */
#ifndef STREAMS_H
#define STREAMS_H
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t typists, edits;
    uint64_t first_author; /* the typists' client ids follow each other */
    const uint8_t **texts;    /* of each typist, all that it types: one byte an edit */
    const uint8_t ***updates; /* of each typist and edit, the update ... */
    uint16_t **lengths;       /* ... and its length */
} Streams;

Streams streams_load(void);
#endif
