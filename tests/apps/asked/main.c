/*
 * What becomes of SIGTERM that comes from outside the machine. Says "ready" when it may come.
 *
 *     default   sleeps
 *     write     has written a sector to the disk, and sleeps
 *     handler   has a handler, which makes the sleep end; leaves with 5
 *     wait      blocks the signal and waits for it; leaves with 6
 *     ignore    ignores it
 *     spin      computes for ever
 *     nap       sleeps for two seconds, and leaves with 7
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t asked;

static void
handler(int number)
{
    asked = number;
}

static void
ready(void)
{
    puts("ready");
    fflush(stdout);
}

static int
write_sector(void)
{
    static char sector[512] = "written before the end";
    int fd = open("/dev/vda", O_WRONLY);

    return fd < 0 || write(fd, sector, sizeof(sector)) != sizeof(sector);
}

static int
wait_for_it(void)
{
    sigset_t set;
    int number;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    ready();
    return sigwait(&set, &number) == 0 && number == SIGTERM ? 6 : 1;
}

static void
spin(void)
{
    for (volatile unsigned long i = 0;; i++)
        continue;
}

int
main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";

    if (strcmp(how, "wait") == 0)
        return wait_for_it();
    if (strcmp(how, "handler") == 0)
        signal(SIGTERM, handler);
    if (strcmp(how, "ignore") == 0)
        signal(SIGTERM, SIG_IGN);
    if (strcmp(how, "write") == 0 && write_sector())
        return 1;
    ready();
    if (strcmp(how, "spin") == 0)
        spin();
    if (strcmp(how, "nap") == 0)
        return sleep(2) ? 1 : 7;
    while (!asked)
        pause();
    printf("signal %d\n", (int)asked);
    return 5;
}
