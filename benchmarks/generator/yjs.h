/* The parts of lib0 and of Yjs update format 1 that a measuring client needs. */
#ifndef YJS_H
#define YJS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads from the front; `bad` is set, and stays set, when it asks for more than there is. */
typedef struct {
    const uint8_t *at, *end;
    bool bad;
} Reader;

/* One run of an author's clocks; `text` is null for what is not a string, and has `bytes` bytes. */
typedef struct {
    uint64_t author, clock, length;
    const uint8_t *text;
    size_t bytes;
} Run;

typedef void (*RunHandler)(void *context, const Run *run);

uint64_t read_varuint(Reader *reader);
Reader read_varbytes(Reader *reader);
size_t write_varuint(uint8_t *to, uint64_t number);
/* Call the handler for each struct of an update; false when it is malformed or holds what this does not know. */
bool read_update(Reader reader, RunHandler handler, void *context);
#endif
