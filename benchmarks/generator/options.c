#include "options.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int argument_count;
static char **argument_values;

void options_set(int count, char **arguments) {
    argument_count = count;
    argument_values = arguments;
}

const char *option(const char *name, const char *otherwise) {
    size_t length = strlen(name);
    for (int index = 0; index < argument_count; index++)
        if (!strncmp(argument_values[index], name, length) && argument_values[index][length] == '=')
            return argument_values[index] + length + 1;
    return otherwise;
}

double option_number(const char *name, double otherwise) {
    const char *text = option(name, NULL);
    return text ? atof(text) : otherwise;
}

Target options_target(void) {
    return (Target){
        .host = option("host", "127.0.0.1"),
        .port = (int)option_number("port", 8787),
        .path = option("path", "/ws/default/bench-%d"),
        .document = option("document", "default/bench-%d"),
        .token = option("token", ""),
        .addresses = (int)option_number("addresses", 1),
        .first_room = (int)option_number("first_room", 0),
        .hocuspocus = !strcmp(option("protocol", "y-websocket"), "hocuspocus"),
    };
}

const uint8_t *option_file(const char *name, size_t *length) {
    const char *path = option(name, NULL);
    struct stat status;
    *length = 0;
    if (!path) return NULL;
    int file = open(path, O_RDONLY);
    if (file < 0 || fstat(file, &status)) die("cannot read %s", path);
    *length = (size_t)status.st_size;
    const uint8_t *data = mmap(NULL, *length ? *length : 1, PROT_READ, MAP_PRIVATE, file, 0);
    if (data == MAP_FAILED) die("cannot map %s", path);
    close(file);
    return data;
}

bool told_to_end(void) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&input, 1, 0) > 0;
}
