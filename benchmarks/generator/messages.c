#include "messages.h"

#include <stdio.h>
#include <string.h>

enum { SYNC = 0, AUTH = 2, STATUS = 8, PING = 9, STEP_1 = 0, STEP_2 = 1, DENIED = 1 };

static const Target *target;
static const Listener *listener;

void messages_start(const Target *where, const Listener *who) {
    target = where;
    listener = who;
}

/* The document's name that begins each Hocuspocus message; nothing otherwise. */
static size_t write_address(uint8_t *to, const Client *client) {
    if (!target->hocuspocus) return 0;
    char name[256];
    int length = snprintf(name, sizeof name, target->document, client->room + target->first_room);
    size_t at = write_varuint(to, (uint64_t)length);
    memcpy(to + at, name, (size_t)length);
    return at + (size_t)length;
}

void client_sync(Client *client, uint8_t step, const uint8_t *data, size_t length) {
    uint8_t head[300];
    size_t at = write_address(head, client);
    head[at++] = SYNC;
    head[at++] = step;
    at += write_varuint(head + at, length);
    if (step == STEP_2) client->unanswered++;
    client_write(client, head, at, data, length);
}

void message_authenticate(Client *client) {
    uint8_t head[600];
    size_t at = write_address(head, client), length = strlen(target->token);
    head[at++] = AUTH;
    head[at++] = 0;
    at += write_varuint(head + at, length);
    memcpy(head + at, target->token, length);
    at += length;
    memcpy(head + at, "\x05" "4.7.0", 6);
    client_write(client, head, at + 6, NULL, 0);
}

static void hear_sync(Client *client, Reader *reader, int64_t now) {
    uint64_t step = read_varuint(reader);
    Reader data = read_varbytes(reader);
    if (reader->bad) die("a malformed sync message");
    if (step == STEP_1) {
        listener->step_1(client, data);
        return;
    }
    listener->update(client, data, step == STEP_2, now);
    if (step == STEP_2 && !client->synced) {
        client->synced = true;
        client->failures = 0;
        listener->synced(client, now);
    }
}

void message_hear(Client *client, Reader reader, int64_t now) {
    if (target->hocuspocus) {
        if (reader.end - reader.at == 1) { /* a bare ping */
            if (*reader.at == PING) client_write(client, (const uint8_t *)"\x0a", 1, NULL, 0);
            return;
        }
        read_varbytes(&reader);
    }
    uint64_t kind = read_varuint(&reader);
    if (kind == SYNC) hear_sync(client, &reader, now);
    else if (target->hocuspocus && kind == AUTH && read_varuint(&reader) == DENIED) die("the server denied the document");
    else if (target->hocuspocus && kind == STATUS) {
        bool yes = read_varuint(&reader) == 1;
        if (client->unanswered) client->unanswered--;
        else listener->stored(client, yes, now);
    }
}
