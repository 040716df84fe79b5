/*
 * Does the program's own code give way? Each test has something that computes and never asks the
 * system for anything, and somebody else who has to get a turn. One line for each, as libctest
 * prints them; the exit code is the number of failures. With a word as argument it does one thing for
 * tests/system/test_preempt.py to look at from outside.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "preempt.h"

uint64_t
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* No system call in here, and so no way out but by an interrupt. */
void *
compute(void *stop)
{
    volatile bool *flag = stop;

    while (!*flag)
        continue;
    return NULL;
}

/* One thread computes, alone. No clock is read, since that is a system call. */
static int
compute_alone(unsigned millions)
{
    volatile unsigned sum = 0;

    puts("computing");
    for (unsigned i = 0; i < millions; i++)
        for (unsigned k = 0; k < 1000000; k++)
            sum += k;
    puts("computed");
    return 0;
}

/* A thread that answers whoever connects, byte by byte, while the main one computes. */
static void *
serve(void *unused)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(7)};
    int door = socket(AF_INET, SOCK_STREAM, 0), peer;
    char byte;

    if (bind(door, (struct sockaddr *)&here, sizeof(here)) || listen(door, 5))
        perror("door");
    puts("serving");
    while ((peer = accept(door, NULL, NULL)) >= 0) {
        while (read(peer, &byte, 1) == 1)
            write(peer, &byte, 1);
        close(peer);
    }
    return unused;
}

static int
special(const char *what)
{
    static volatile bool never;
    pthread_t thread;

    if (strncmp(what, "alone=", 6) == 0)
        return compute_alone((unsigned)atoi(what + 6));
    if (strcmp(what, "serve") == 0 && pthread_create(&thread, NULL, serve, NULL))
        return 1;
    if (strcmp(what, "serve") == 0 || strcmp(what, "forever") == 0) {
        puts("computing");
        compute((void *)&never);
    }
    if (strcmp(what, "alarm") == 0) {
        alarm(1);
        compute((void *)&never);
    }
    if (strcmp(what, "fault") == 0)
        *(volatile int *)(uintptr_t)0xf0001230 = 1;
    printf("unknown argument %s\n", what);
    return 1;
}

int
main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 1)
        return special(argv[1]);
    turn_tests();
    state_tests();
    signal_tests();
    return failures_total();
}
