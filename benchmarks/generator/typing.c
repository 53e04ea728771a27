/* People who type: an open loop, so that an edit is sent when it is due, whatever has been answered. */
#define _GNU_SOURCE
#include "histogram.h"
#include "options.h"
#include "streams.h"
#include "typing.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { AT_ONCE = 64, BURST = 64, NO_ACK = 0, ECHO, STATUS };

static struct {
    Streams streams;
    Client *clients;
    int rooms, room_clients, typists, count; /* typists: in each room; count: clients in all */
    double interval;                         /* nanoseconds from one edit to the next, of all typists */
    int acknowledgement;
    int64_t start, begin, end, last_delivery;
    uint64_t next; /* the number of the next edit */
    int synced, connecting;
    bool measuring;
} load;

static struct {
    Histogram delivery, acknowledgement, lag;
    uint64_t deliveries, frames, bytes, sent, acknowledged; /* in the measured time */
    int64_t missing, unacknowledged;                        /* of all time */
    uint64_t gaps, wrong, foreign, malformed, closed, refused;
} result;

static int64_t due(const Client *typist, uint64_t edit) {
    uint64_t typists = (uint64_t)load.rooms * (uint64_t)load.typists;
    uint64_t place = (uint64_t)typist->typist * (uint64_t)load.rooms + (uint64_t)typist->room;
    return load.start + (int64_t)((double)(edit * typists + place) * load.interval);
}

static bool measured(int64_t time) { return time >= load.begin && time < load.end; }

/* What a client gets from the reading of an update. */
typedef struct {
    Client *client;
    int64_t now;
    bool is_step_2; /* which brings what the note held before, too */
} Hearing;

static void cover(Client *client, const Client *author, uint32_t end, int64_t now) {
    bool own = client == author;
    uint32_t *covered = &client->covered[author->typist];
    for (uint32_t edit = *covered; edit < end; edit++) {
        int64_t time = due(author, edit);
        if (!measured(time)) continue;
        if (!own) histogram_add(&result.delivery, now - time);
        else if (load.acknowledgement == ECHO) histogram_add(&result.acknowledgement, now - time);
    }
    uint32_t more = end - *covered;
    *covered = end;
    if (own) {
        if (load.acknowledgement != ECHO) return;
        client->acknowledged = end;
        result.unacknowledged -= more;
        if (load.measuring) result.acknowledged += more;
        return;
    }
    result.missing -= more;
    load.last_delivery = now;
    if (load.measuring) result.deliveries += more;
}

static void heard_run(void *context, const Run *run) {
    Hearing *hearing = context;
    uint64_t typist = run->author - load.streams.first_author;
    if (typist >= (uint64_t)load.typists && hearing->is_step_2) return;
    if (typist >= (uint64_t)load.typists || !run->text || run->clock + run->length > load.streams.edits) {
        result.foreign++;
        return;
    }
    uint32_t covered = hearing->client->covered[typist];
    if (run->clock > covered) result.gaps++;
    if (run->bytes != run->length || memcmp(run->text, load.streams.texts[typist] + run->clock, run->bytes)) result.wrong++;
    if (run->clock + run->length <= covered) return;
    const Client *author = &load.clients[hearing->client->room * load.room_clients + (int)typist];
    cover(hearing->client, author, (uint32_t)(run->clock + run->length), hearing->now);
}

static void on_update(Client *client, Reader update, bool is_step_2, int64_t now) {
    Hearing hearing = {client, now, is_step_2};
    if (load.measuring) {
        result.frames++;
        result.bytes += (uint64_t)(update.end - update.at);
    }
    if (!read_update(update, heard_run, &hearing)) result.malformed++;
}

static void on_opened(Client *client) { client_sync(client, 0, (const uint8_t *)"\0", 1); }

static void on_step_1(Client *client, Reader state_vector) {
    (void)state_vector;
    client_sync(client, 1, (const uint8_t *)"\0\0", 2);
}

static void on_synced(Client *client, int64_t now) {
    (void)client, (void)now;
    load.synced++;
    load.connecting--;
}

static void on_stored(Client *client, bool yes, int64_t now) {
    if (!yes) result.refused++;
    if (load.acknowledgement != STATUS || client->acknowledged >= client->sent) return;
    int64_t time = due(client, client->acknowledged++);
    if (measured(time)) histogram_add(&result.acknowledgement, now - time);
    if (load.measuring) result.acknowledged++;
    result.unacknowledged--;
}

static void on_closed(Client *client) {
    if (!client->synced) die("client %d was refused or closed before it was synced", client->number);
    result.closed++;
}

/* Connect these places of all rooms, and wait until they are synced. */
static void connect_places(int first, int last) {
    int64_t patience = now_ns() + (int64_t)(1e9 * option_number("patience", 120));
    int wanted = load.synced + (last - first) * load.rooms;
    for (int next = 0; load.synced < wanted;) {
        for (; next < (last - first) * load.rooms && load.connecting < AT_ONCE; next++, load.connecting++)
            client_connect(&load.clients[next / (last - first) * load.room_clients + first + next % (last - first)]);
        clients_poll(now_ns() + 10000000);
        if (now_ns() > patience) die("only %d of %d clients were synced in time", load.synced, load.count);
    }
}

/* One client opens each note before the others come: pycrdt-websocket does not survive two that open it at once. */
static void connect_all(void) {
    connect_places(0, 1);
    connect_places(1, load.room_clients);
}

static int64_t send_due(int64_t until) {
    uint64_t typists = (uint64_t)load.rooms * (uint64_t)load.typists;
    for (int sent = 0; sent < BURST; sent++) {
        int64_t now = now_ns(), time = load.start + (int64_t)((double)load.next * load.interval);
        if (time >= load.end) return until;
        if (time > now) return time < until ? time : until;
        uint64_t place = load.next % typists;
        int room = (int)(place % (uint64_t)load.rooms), typist = (int)(place / (uint64_t)load.rooms);
        Client *client = &load.clients[room * load.room_clients + typist];
        uint32_t edit = (uint32_t)(load.next++ / typists);
        if (client->state != OPEN) continue;
        if (edit >= load.streams.edits) die("the streams are too short for this load");
        client_sync(client, 2, load.streams.updates[typist][edit], load.streams.lengths[typist][edit]);
        client->sent++;
        result.missing += load.room_clients - 1;
        result.unacknowledged++;
        if (!measured(time)) continue;
        result.sent++;
        histogram_add(&result.lag, now - time);
    }
    return 0;
}

static double cpu_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void run_until(int64_t time) {
    while (now_ns() < time && result.closed < (uint64_t)load.count) clients_poll(send_due(time));
}

static void drain(void) {
    int64_t patience = now_ns() + (int64_t)(1e9 * option_number("drain", 10));
    while (now_ns() < patience && result.closed < (uint64_t)load.count)
        if (result.missing <= 0 && (load.acknowledgement == NO_ACK || result.unacknowledged <= 0)) return;
        else clients_poll(now_ns() + 10000000);
}

/* For each typist: what was sent and what was acknowledged, so that it can be compared with what is stored. */
static void write_ledger(void) {
    const char *path = option("ledger", NULL);
    if (!path) return;
    FILE *file = fopen(path, "w");
    if (!file) die("cannot write %s", path);
    fprintf(file, "{\"start\": %.9f, \"interval\": %.9f, \"typists\": [", (double)load.start / 1e9, load.interval / 1e9);
    for (int room = 0; room < load.rooms; room++)
        for (int typist = 0; typist < load.typists; typist++) {
            const Client *client = &load.clients[room * load.room_clients + typist];
            fprintf(file, "%s[%d, %d, %u, %u]", room + typist ? ", " : "", room, typist, client->sent, client->acknowledged);
        }
    fprintf(file, "]}\n");
    fclose(file);
}

static void say(double cpu) {
    const Histogram *delivery = &result.delivery, *ack = &result.acknowledgement;
    printf("{\"event\": \"result\", \"seconds\": %.6f, \"sent\": %lu, \"deliveries\": %lu, \"frames\": %lu, \"bytes\": %lu, ",
           (double)(load.end - load.begin) / 1e9, result.sent, result.deliveries, result.frames, result.bytes);
    printf("\"p50\": %.4f, \"p99\": %.4f, \"max\": %.4f, \"samples\": %lu, ", histogram_at(delivery, 0.5),
           histogram_at(delivery, 0.99), histogram_at(delivery, 1), delivery->total);
    printf("\"ack_p50\": %.4f, \"ack_p99\": %.4f, \"ack_max\": %.4f, \"acks\": %lu, \"acks_in_time\": %lu, ",
           histogram_at(ack, 0.5), histogram_at(ack, 0.99), histogram_at(ack, 1), ack->total, result.acknowledged);
    printf("\"missing\": %ld, \"unacknowledged\": %ld, \"gaps\": %lu, \"wrong\": %lu, \"foreign\": %lu, ", result.missing,
           result.unacknowledged, result.gaps, result.wrong, result.foreign);
    printf("\"malformed\": %lu, \"closed\": %lu, \"refused\": %lu, ", result.malformed, result.closed, result.refused);
    printf("\"lag_p99\": %.4f, \"generator_cpu\": %.4f, \"edits_each\": %lu, \"edits_over\": %lu}\n",
           histogram_at(&result.lag, 0.99), cpu, load.next / (uint64_t)(load.rooms * load.typists),
           load.next % (uint64_t)(load.rooms * load.typists));
}

static void make_clients(void) {
    load.rooms = (int)option_number("rooms", 1);
    load.room_clients = (int)option_number("clients", 2);
    load.typists = (int)option_number("typists", 1);
    load.count = load.rooms * load.room_clients;
    if (load.typists > load.room_clients || (uint32_t)load.typists > load.streams.typists) die("too many typists");
    load.clients = allocate((size_t)load.count, sizeof(Client));
    uint32_t *covered = allocate((size_t)load.count * (size_t)load.typists, sizeof *covered);
    for (int number = 0; number < load.count; number++) {
        int place = number % load.room_clients;
        load.clients[number] = (Client){.number = number, .room = number / load.room_clients};
        load.clients[number].typist = place < load.typists ? place : -1;
        load.clients[number].covered = covered + number * load.typists;
    }
}

int typing(void) {
    static const Listener listener = {on_opened, on_synced, on_update, on_step_1, on_stored, on_closed};
    static Target target;
    target = options_target();
    load.streams = streams_load();
    const char *acknowledgement = option("acknowledgement", "none");
    load.acknowledgement = !strcmp(acknowledgement, "echo") ? ECHO : !strcmp(acknowledgement, "status") ? STATUS : NO_ACK;
    load.interval = 1e9 / option_number("rate", 100);
    make_clients();
    clients_start(&target, &listener);
    connect_all();
    printf("{\"event\": \"ready\"}\n");
    load.start = now_ns() + (int64_t)(1e9 * option_number("pause", 0.2));
    load.begin = load.start + (int64_t)(1e9 * option_number("warm", 1));
    load.end = load.begin + (int64_t)(1e9 * option_number("seconds", 3));
    run_until(load.begin);
    double cpu = cpu_seconds();
    load.measuring = true;
    printf("{\"event\": \"begin\"}\n");
    run_until(load.end);
    printf("{\"event\": \"end\"}\n");
    load.measuring = false;
    cpu = (cpu_seconds() - cpu) / ((double)(load.end - load.begin) / 1e9);
    drain();
    write_ledger();
    say(cpu);
    while (!told_to_end()) clients_poll(now_ns() + 10000000); /* some servers forget a note that nobody is in */
    return 0;
}
