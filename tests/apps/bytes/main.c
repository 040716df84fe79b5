/*
 * What comes in goes out, byte for byte (stdio=raw); how much it was, and whether the descriptors
 * are terminals, is told on standard error. With an argument it reads only, with two it writes so
 * many bytes of a pattern first.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static char data[20000];

static int
put(const char *from, long len)
{
    for (long n; len > 0; from += n, len -= n)
        if ((n = write(1, from, len)) < 0)
            return -1;
    return 0;
}

int
main(int argc, char **argv)
{
    long total = 0, n;
    int waiting = -1;

    for (long left = argc > 2 ? atol(argv[2]) : 0; left > 0; left -= n) {
        n = left < (long)sizeof(data) ? left : (long)sizeof(data);
        for (long i = 0; i < n; i++)
            data[i] = (char)(left - i);
        if (put(data, n))
            return 2;
    }
    while ((n = read(0, data, sizeof(data))) > 0) {
        total += n;
        if (argc < 2 && put(data, n))
            return 2;
    }
    struct pollfd entry = {0, POLLIN, 0};
    poll(&entry, 1, -1);
    ioctl(0, FIONREAD, &waiting);
    fprintf(stderr, "%ld bytes, then %ld, events %d, waiting %d, terminals %d %d %d %d\n", total,
            n, entry.revents, waiting, isatty(0), isatty(1), isatty(2),
            open("/dev/tty", O_RDWR) >= 0);
    return 200;
}
