#include "streams.h"

#include "options.h"

#include <string.h>

static uint64_t take(const uint8_t **at, size_t size) {
    uint64_t number = 0;
    memcpy(&number, *at, size); /* little endian, as the machine */
    *at += size;
    return number;
}

Streams streams_load(void) {
    size_t length;
    const uint8_t *at = option_file("streams", &length);
    if (!at) die("typing needs streams=FILE");
    Streams streams = {.typists = (uint32_t)take(&at, 4), .edits = (uint32_t)take(&at, 4), .first_author = take(&at, 8)};
    streams.texts = allocate(streams.typists, sizeof *streams.texts);
    streams.updates = allocate(streams.typists, sizeof *streams.updates);
    streams.lengths = allocate(streams.typists, sizeof *streams.lengths);
    for (uint32_t typist = 0; typist < streams.typists; typist++) {
        streams.texts[typist] = at;
        at += streams.edits;
        streams.updates[typist] = allocate(streams.edits, sizeof **streams.updates);
        streams.lengths[typist] = allocate(streams.edits, sizeof **streams.lengths);
        for (uint32_t edit = 0; edit < streams.edits; edit++) {
            streams.lengths[typist][edit] = (uint16_t)take(&at, 2);
            streams.updates[typist][edit] = at;
            at += streams.lengths[typist][edit];
        }
    }
    return streams;
}
