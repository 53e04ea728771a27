/* Load for a sync server: `generator typing|swarm name=value ...` prints one JSON object a line. */
#include "options.h"
#include "swarm.h"
#include "typing.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

int main(int count, char **arguments) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    if (count < 2) die("say typing or swarm");
    options_set(count - 2, arguments + 2);
    if (!strcmp(arguments[1], "typing")) return typing();
    if (!strcmp(arguments[1], "swarm")) return swarm_run();
    die("say typing or swarm, not %s", arguments[1]);
}
