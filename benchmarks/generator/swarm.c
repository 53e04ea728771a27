/* People who open notes, stay, and come back when the connection is lost, as a y-websocket provider does. */
#include "options.h"
#include "swarm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_RETRY_MS = 100, LAST_RETRY_MS = 2500 };

static struct {
    Client *clients;
    int count, limit, synced, connecting, next;
    const uint8_t *state, *state_vector;
    size_t state_length, state_vector_length;
    double *milliseconds; /* of each client, from its connect or the loss of its connection to being synced */
    int64_t *lost_at;
    int64_t began, first_open;
    uint64_t bytes, failures;
    bool comes_back;
} swarm;

static void on_opened(Client *client) {
    if (swarm.first_open == 0) swarm.first_open = now_ns();
    client_sync(client, 0, swarm.state_vector, swarm.state_vector_length);
}

/* A server that lost the note is given it again, as a Yjs client does; one that has it gets an empty difference. */
static void on_step_1(Client *client, Reader state_vector) {
    bool empty = state_vector.end - state_vector.at == 1 && *state_vector.at == 0;
    if (empty && swarm.state) client_sync(client, 1, swarm.state, swarm.state_length);
    else client_sync(client, 1, (const uint8_t *)"\0\0", 2);
}

static void on_update(Client *client, Reader update, bool is_step_2, int64_t now) {
    (void)client, (void)now;
    if (is_step_2) swarm.bytes += (uint64_t)(update.end - update.at);
}

static void on_synced(Client *client, int64_t now) {
    int64_t since = swarm.lost_at[client->number] ? swarm.lost_at[client->number] : client->started;
    swarm.milliseconds[client->number] = (double)(now - since) / 1e6;
    swarm.synced++;
    swarm.connecting--;
}

static void on_stored(Client *client, bool yes, int64_t now) { (void)client, (void)yes, (void)now; }

static void on_closed(Client *client) {
    if (!swarm.comes_back) die("client %d was refused or closed", client->number);
    int64_t now = now_ns();
    if (client->synced) {
        swarm.synced--;
        swarm.connecting++;
        swarm.lost_at[client->number] = now;
        if (swarm.began == 0) swarm.began = now, swarm.first_open = 0;
    }
    client->synced = false;
    int64_t pause = FIRST_RETRY_MS << (client->failures < 10 ? client->failures : 10);
    client->failures++;
    swarm.failures++;
    client->retry_at = now + 1000000LL * (pause < LAST_RETRY_MS ? pause : LAST_RETRY_MS);
}

static void come_back(void) {
    int64_t now = now_ns();
    for (int index = 0; index < swarm.next; index++) {
        Client *client = &swarm.clients[index];
        if (client->state == CLOSED && client->retry_at <= now) client_connect(client);
    }
}

static void step(void) {
    for (; swarm.next < swarm.count && swarm.connecting < swarm.limit; swarm.next++, swarm.connecting++)
        client_connect(&swarm.clients[swarm.next]);
    if (swarm.comes_back) come_back();
    clients_poll(now_ns() + 2000000);
}

static int compare(const void *one, const void *other) {
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

/* One line: how long the clients took, and how much they were sent in answer to their step 1. */
static void say_synced(void) {
    size_t count = (size_t)swarm.count;
    double *sorted = allocate(count, sizeof *sorted);
    memcpy(sorted, swarm.milliseconds, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare);
    int64_t now = now_ns();
    printf("{\"event\": \"synced\", \"clients\": %d, \"p50\": %.4f, \"p99\": %.4f, \"max\": %.4f, \"all\": %.4f, ", swarm.count,
           sorted[count / 2], sorted[(size_t)(0.99 * (double)count)], sorted[count - 1], (double)(now - swarm.began) / 1e6);
    printf("\"since_first_open\": %.4f, \"bytes\": %lu, \"failures\": %lu}\n",
           swarm.first_open ? (double)(now - swarm.first_open) / 1e6 : 0.0, swarm.bytes, swarm.failures);
    free(sorted);
}

static void make_clients(void) {
    int clients = (int)option_number("clients", 1);
    swarm.count = (int)option_number("rooms", 1) * clients;
    swarm.limit = (int)option_number("at_once", 64);
    swarm.comes_back = option_number("comes_back", 0) > 0;
    swarm.clients = allocate((size_t)swarm.count, sizeof(Client));
    swarm.milliseconds = allocate((size_t)swarm.count, sizeof(double));
    swarm.lost_at = allocate((size_t)swarm.count, sizeof(int64_t));
    for (int number = 0; number < swarm.count; number++)
        swarm.clients[number] = (Client){.number = number, .room = number / clients, .typist = -1};
}

int swarm_run(void) {
    static const Listener listener = {on_opened, on_synced, on_update, on_step_1, on_stored, on_closed};
    static Target target;
    target = options_target();
    swarm.state = option_file("state", &swarm.state_length);
    swarm.state_vector = option_file("state_vector", &swarm.state_vector_length);
    if (!swarm.state_vector) swarm.state_vector = (const uint8_t *)"\0", swarm.state_vector_length = 1;
    make_clients();
    clients_start(&target, &listener);
    swarm.began = now_ns();
    bool said = false;
    while (!told_to_end()) {
        step();
        if (swarm.synced < swarm.count) said = false;
        else if (!said) {
            say_synced();
            said = true;
            swarm.began = 0;
            swarm.bytes = swarm.failures = 0;
        }
    }
    return 0;
}
