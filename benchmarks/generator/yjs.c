#include "yjs.h"

enum { GC = 0, DELETED = 1, STRING = 4, SKIP = 10, KIND = 0x1f, ORIGIN = 0x80, RIGHT_ORIGIN = 0x40, PARENT_KEY = 0x20 };

uint64_t read_varuint(Reader *reader) {
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (reader->at >= reader->end) break;
        uint8_t byte = *reader->at++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return number;
    }
    reader->bad = true;
    return 0;
}

Reader read_varbytes(Reader *reader) {
    uint64_t length = read_varuint(reader);
    if (reader->bad || length > (uint64_t)(reader->end - reader->at)) {
        reader->bad = true;
        return (Reader){reader->end, reader->end, true};
    }
    Reader inside = {reader->at, reader->at + length, false};
    reader->at += length;
    return inside;
}

size_t write_varuint(uint8_t *to, uint64_t number) {
    size_t length = 0;
    for (; number > 0x7f; number >>= 7) to[length++] = 0x80 | (number & 0x7f);
    to[length++] = (uint8_t)number;
    return length;
}

/* How many UTF-16 units a piece of UTF-8 has: that is what clocks count. */
static uint64_t utf16_length(Reader text) {
    uint64_t units = 0;
    for (const uint8_t *at = text.at; at < text.end; at++) units += ((*at & 0xc0) != 0x80) + (*at >= 0xf0);
    return units;
}

static void read_item_head(Reader *reader, uint8_t info) {
    if (info & ORIGIN) read_varuint(reader), read_varuint(reader);
    if (info & RIGHT_ORIGIN) read_varuint(reader), read_varuint(reader);
    if (info & (ORIGIN | RIGHT_ORIGIN)) return;
    if (read_varuint(reader) == 1) read_varbytes(reader);
    else read_varuint(reader), read_varuint(reader);
    if (info & PARENT_KEY) read_varbytes(reader);
}

static bool read_struct(Reader *reader, Run *run) {
    if (reader->at >= reader->end) return false;
    uint8_t info = *reader->at++;
    run->text = NULL;
    if (info == GC || info == SKIP) {
        run->length = read_varuint(reader);
        return !reader->bad;
    }
    read_item_head(reader, info);
    if ((info & KIND) == DELETED) run->length = read_varuint(reader);
    else if ((info & KIND) == STRING) {
        Reader text = read_varbytes(reader);
        run->text = text.at;
        run->bytes = (size_t)(text.end - text.at);
        run->length = utf16_length(text);
    } else return false;
    return !reader->bad;
}

bool read_update(Reader reader, RunHandler handler, void *context) {
    uint64_t authors = read_varuint(&reader);
    while (authors-- && !reader.bad) {
        uint64_t structs = read_varuint(&reader);
        Run run = {.author = read_varuint(&reader)};
        run.clock = read_varuint(&reader);
        while (structs-- && !reader.bad) {
            const uint8_t *at = reader.at;
            if (!read_struct(&reader, &run)) return false;
            if (*at != SKIP) handler(context, &run);
            run.clock += run.length;
        }
    }
    return !reader.bad;
}
