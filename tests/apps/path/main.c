/*
 * How much a guest works for a request: path CARD http PATH | udp | send | receive. The servers are
 * httpd, whose main() is called httpd_main here, and three of a few lines. Prints the ticks of a
 * round, the median of them and the most; under QEMU's -icount shift=0 a tick is an instruction.
 * tests/bench/path.py has the table.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "kernel/platform.h"
#include "path.h"

#define SETTLED (100 * NSEC_PER_MSEC) /* by then the clock knows what it is made of */

int httpd_main(int argc, char **argv);

static enum work work;
static char data[65536];

static int
server_socket(int type, unsigned port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int s = socket(AF_INET, type, 0);

    if (s < 0 || bind(s, (struct sockaddr *)&any, sizeof(any)) < 0 ||
        (type == SOCK_STREAM && (listen(s, 1) < 0 || (s = accept(s, NULL, NULL)) < 0))) {
        perror("path");
        exit(1);
    }
    return s;
}

static void
echo(void)
{
    int s = server_socket(SOCK_DGRAM, 7);
    struct sockaddr_in peer;

    for (;;) {
        socklen_t len = sizeof(peer);
        ssize_t n = recvfrom(s, data, sizeof(data), 0, (struct sockaddr *)&peer, &len);
        if (n >= 0)
            sendto(s, data, (size_t)n, 0, (struct sockaddr *)&peer, len);
    }
}

static void *
serve(void *unused)
{
    static char *arguments[] = {"httpd", NULL};

    (void)unused;
    if (work == WORK_HTTP)
        httpd_main(1, arguments);
    if (work == WORK_UDP)
        echo();
    int s = server_socket(SOCK_STREAM, 80);
    while (work == WORK_SEND ? write(s, data, sizeof(data)) > 0
                             : read(s, data, sizeof(data)) > 0)
        continue;
    return NULL;
}

static int
by_size(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

int
main(int argc, char **argv)
{
    static const char *const works[] = {"http", "udp", "send", "receive"};
    pthread_t thread;
    uint64_t ticks[ROUNDS], all = 0;

    while (argc > 2 && work < 3 && strcmp(argv[2], works[work]) != 0)
        work++;
    if (pthread_create(&thread, NULL, serve, NULL) != 0)
        return 1;
    while (clock_now() < SETTLED)
        continue;
    peer_start(work, argc > 3 ? argv[3] : "/");
    const struct result *result = peer_result();
    memcpy(ticks, result->ticks, sizeof(ticks));
    for (int i = 0; i < ROUNDS; i++)
        all += ticks[i];
    qsort(ticks, ROUNDS, sizeof(ticks[0]), by_size);
    printf(
        "ticks %llu most %llu mean %llu segments %u notifications %u interrupts %u bytes %u\n",
        (unsigned long long)ticks[ROUNDS / 2], (unsigned long long)ticks[ROUNDS - 1],
        (unsigned long long)all / ROUNDS, result->segments, result->notifications,
        result->interrupts, result->bytes);
    return 0;
}
