/* Loaded into a server: while the file named by ROUTA_GATE exists, every fdatasync and fsync of a file in the folder
   ROUTA_GATED waits, after it has said so in ROUTA_GATE.waiting. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void wait_at_gate(int fd) {
    const char *gate = getenv("ROUTA_GATE"), *folder = getenv("ROUTA_GATED");
    char link[64], path[PATH_MAX], waiting[PATH_MAX];
    if (!gate || !folder) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    if (strncmp(path, folder, strlen(folder))) return;
    snprintf(waiting, sizeof waiting, "%s.waiting", gate);
    while (access(gate, F_OK) == 0) {
        int marker = open(waiting, O_CREAT | O_WRONLY, 0600);
        if (marker >= 0) close(marker);
        usleep(1000);
    }
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_at_gate(fd);
    return real(fd);
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_at_gate(fd);
    return real(fd);
}
