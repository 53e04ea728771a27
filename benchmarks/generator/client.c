#define _GNU_SOURCE
#include "client.h"
#include "messages.h"
#include "websocket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MORE = 1 << 18 }; /* the least room for what comes, in bytes */

static const Target *target;
static const Listener *listener;
static int poller;
static uint8_t *scratch;
static size_t scratch_size = 4 << 20;

void die(const char *format, ...) {
    va_list values;
    va_start(values, format);
    fprintf(stderr, "generator: ");
    vfprintf(stderr, format, values);
    fprintf(stderr, "\n");
    exit(1);
}

void *allocate(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size);
    if (!memory) die("out of memory");
    return memory;
}

int64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

void clients_start(const Target *where, const Listener *who) {
    target = where;
    listener = who;
    messages_start(where, who);
    poller = epoll_create1(0);
    scratch = allocate(scratch_size, 1);
}

static void watch(Client *client, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = client};
    if (epoll_ctl(poller, operation, client->fd, &event)) die("epoll_ctl: %s", strerror(errno));
}

void client_connect(Client *client) {
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)target->port)};
    int yes = 1;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (client->fd < 0) die("socket: %s", strerror(errno));
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (target->addresses > 1) { /* each address of 127/8 is another person's machine */
        setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
        from.sin_addr.s_addr = htonl(0x7f000001u + (uint32_t)(client->number % target->addresses));
        if (bind(client->fd, (struct sockaddr *)&from, sizeof from)) die("bind: %s", strerror(errno));
    }
    inet_pton(AF_INET, target->host, &to.sin_addr);
    client->state = CONNECTING;
    client->started = now_ns();
    client->received = client->unanswered = 0;
    client->synced = false;
    if (connect(client->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) {
        client->state = OPEN;
        watch(client, EPOLL_CTL_ADD, EPOLLIN);
        client_close(client);
        listener->closed(client);
        return;
    }
    watch(client, EPOLL_CTL_ADD, EPOLLOUT);
}

void client_close(Client *client) {
    if (client->state == CLOSED) return;
    close(client->fd);
    client->state = CLOSED;
    client->in_length = client->out_length = 0;
    free(client->in);
    free(client->out);
    client->in = client->out = NULL;
    client->out_capacity = 0;
}

static void lost(Client *client) {
    client_close(client);
    listener->closed(client);
}

static void write_bytes(Client *client, const uint8_t *data, size_t length) {
    ssize_t done = 0;
    if (client->out_length == 0) {
        done = send(client->fd, data, length, MSG_NOSIGNAL);
        if (done == (ssize_t)length) return;
        if (done < 0) {
            if (errno != EAGAIN) return; /* the next read says that it is closed */
            done = 0;
        }
        watch(client, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    }
    size_t rest = length - (size_t)done;
    if (client->out_length + rest > client->out_capacity) {
        client->out_capacity = 2 * (client->out_length + rest);
        client->out = realloc(client->out, client->out_capacity);
        if (!client->out) die("out of memory");
    }
    memcpy(client->out + client->out_length, data + done, rest);
    client->out_length += rest;
}

static void write_rest(Client *client) {
    ssize_t done = send(client->fd, client->out, client->out_length, MSG_NOSIGNAL);
    if (done <= 0) return;
    client->out_length -= (size_t)done;
    memmove(client->out, client->out + done, client->out_length);
    if (client->out_length == 0) watch(client, EPOLL_CTL_MOD, EPOLLIN);
}

void client_write(Client *client, const uint8_t *head, size_t head_length, const uint8_t *data, size_t length) {
    uint8_t small[1024], *frame = small;
    if (head_length + length + 14 > sizeof small) frame = allocate(head_length + length + 14, 1);
    size_t at = write_frame_head(frame, BINARY, head_length + length);
    memcpy(frame + at, head, head_length);
    if (length) memcpy(frame + at + head_length, data, length);
    write_bytes(client, frame, at + head_length + length);
    if (frame != small) free(frame);
}

static void upgrade(Client *client) {
    char path[512], request[1024];
    snprintf(path, sizeof path, target->path, client->room + target->first_room);
    int length = write_handshake(request, sizeof request, path, target->host, target->port);
    client->state = UPGRADING;
    watch(client, EPOLL_CTL_MOD, EPOLLIN);
    write_bytes(client, (uint8_t *)request, (size_t)length);
}

static void connected(Client *client) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) lost(client);
    else upgrade(client);
}

static void opened(Client *client) {
    client->state = OPEN;
    if (target->hocuspocus) message_authenticate(client);
    listener->opened(client);
}

/* Take whole frames off the front; how many bytes they had. */
static size_t take_frames(Client *client, uint8_t *data, size_t length, int64_t now) {
    size_t at = 0;
    Frame frame;
    while (client->state == OPEN && read_frame(data + at, length - at, &frame)) {
        at += frame.size;
        client->received += frame.length;
        if (frame.opcode == BINARY) message_hear(client, (Reader){frame.data, frame.data + frame.length, false}, now);
        else if (frame.opcode == PING_FRAME) {
            uint8_t pong[140];
            size_t head = write_frame_head(pong, PONG_FRAME, frame.length);
            memcpy(pong + head, frame.data, frame.length);
            write_bytes(client, pong, head + frame.length);
        } else if (frame.opcode == CLOSE_FRAME) {
            lost(client);
            return length;
        }
    }
    return at;
}

static size_t take(Client *client, uint8_t *data, size_t length, int64_t now) {
    size_t at = 0;
    if (client->state == UPGRADING) {
        int status = read_handshake(data, length, &at);
        if (status == 0) return 0;
        if (status != 101) {
            lost(client);
            return length;
        }
        opened(client);
    }
    return at + take_frames(client, data + at, length - at, now);
}

static void read_socket(Client *client) {
    size_t kept = client->in_length;
    if (kept + MORE > scratch_size) {
        scratch_size = 2 * (kept + MORE);
        scratch = realloc(scratch, scratch_size);
        if (!scratch) die("out of memory");
    }
    memcpy(scratch, client->in ? client->in : scratch, kept);
    ssize_t got = recv(client->fd, scratch + kept, scratch_size - kept, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        lost(client);
        return;
    }
    size_t length = kept + (size_t)got, used = take(client, scratch, length, now_ns());
    if (client->state == CLOSED) return;
    client->in_length = length - used;
    if (client->in_length == 0) return;
    client->in = realloc(client->in, client->in_length);
    memcpy(client->in, scratch + used, client->in_length);
}

void clients_poll(int64_t until) {
    struct epoll_event events[256];
    int64_t wait = until - now_ns();
    struct timespec time = {.tv_sec = wait > 0 ? wait / 1000000000 : 0, .tv_nsec = wait > 0 ? wait % 1000000000 : 0};
    int count = epoll_pwait2(poller, events, 256, &time, NULL);
    for (int index = 0; index < count; index++) {
        Client *client = events[index].data.ptr;
        if (client->state == CONNECTING) connected(client);
        else if (client->state != CLOSED) {
            if (events[index].events & EPOLLOUT && client->out_length) write_rest(client);
            if (events[index].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_socket(client);
        }
    }
}
