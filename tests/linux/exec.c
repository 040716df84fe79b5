/* exec puts another program in this one's place; fork says that it cannot. */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
handler(int number)
{
    (void)number;
}

int
main(int argc, char **argv)
{
    if (argc == 1) {
        char *arguments[] = {argv[0], "second", "two words", NULL};
        char *environment[] = {"ONLY=this", NULL};
        int kept = open("/dev/null", O_RDONLY), gone = open("/dev/null", O_RDONLY | O_CLOEXEC);
        CHECK(kept == 3 && gone == 4);
        signal(SIGUSR1, handler);
        signal(SIGUSR2, SIG_IGN);
        CHECK(execve("/nothing", arguments, environment) == -1 && errno == ENOENT);
        CHECK(execve("/tmp", arguments, environment) == -1 && errno == EACCES);
        if (checks_failed)
            return done(1);
        execve(argv[0], arguments, environment);
        CHECK(!"execve returned");
        return done(1);
    }
    struct sigaction action;
    CHECK(argc == 3 && strcmp(argv[1], "second") == 0 && strcmp(argv[2], "two words") == 0);
    CHECK(getenv("ONLY") && !getenv("HOME"));
    CHECK(fcntl(3, F_GETFD) == 0 && fcntl(4, F_GETFD) == -1);
    CHECK(sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    CHECK(sigaction(SIGUSR2, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
    CHECK(malloc(100000) != NULL);
    return done(42);
}
