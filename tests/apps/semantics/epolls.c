/* epoll: its calls, edges and single shots, and an epoll descriptor that is itself waited for.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>
#include "show.h"

static int ends[2], set;

static int
add(int epoll, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u32 = (uint32_t)fd};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static int
modify(int epoll, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u32 = (uint32_t)fd};

    return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

static int
removed(int epoll, int fd)
{
    return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* How many are ready, and the first one's events in the next digits. */
static long
look(int epoll, int ms)
{
    struct epoll_event events[4];
    int n = epoll_wait(epoll, events, 4, ms);

    return n > 0 ? n + 1000 * (long)events[0].events : n;
}

static int
polled(int fd, int ms)
{
    struct pollfd entry = {fd, POLLIN | POLLOUT, 0};

    return poll(&entry, 1, ms) < 0 ? -1 : entry.revents;
}

static void
calls(void)
{
    struct epoll_event event;

    SHOW(epoll_create(0));
    SHOW(epoll_create1(77));
    SHOW(set = epoll_create1(EPOLL_CLOEXEC));
    SHOW(add(set, ends[0], EPOLLIN));
    SHOW(add(set, ends[0], EPOLLIN));
    SHOW(modify(set, ends[1], EPOLLIN));
    SHOW(removed(set, ends[1]));
    SHOW(add(set, 99, EPOLLIN));
    SHOW(add(99, ends[0], EPOLLIN));
    SHOW(add(ends[0], ends[1], EPOLLIN));
    SHOW(add(set, set, EPOLLIN));
    SHOW(epoll_ctl(set, 77, ends[0], &event));
    SHOW(epoll_wait(set, &event, 0, 0));
    SHOW(epoll_wait(99, &event, 1, 0));
    SHOW(epoll_wait(ends[0], &event, 1, 0));
    SHOW(look(set, 0));
    SHOW(look(set, 1));
    SHOW(read(set, &event, 1));
    SHOW(write(set, &event, 1));
}

static void
levels_and_edges(void)
{
    char byte;

    SHOW(write(ends[1], "a", 1));
    SHOW(look(set, 0));
    SHOW(look(set, 0));
    SHOW(modify(set, ends[0], EPOLLIN | EPOLLET));
    SHOW(look(set, 0));
    SHOW(look(set, 0));
    SHOW(write(ends[1], "b", 1));
    SHOW(look(set, 0));
    SHOW(look(set, 0));
    SHOW(modify(set, ends[0], EPOLLIN | EPOLLONESHOT));
    SHOW(look(set, 0));
    SHOW(look(set, 0));
    SHOW(modify(set, ends[0], EPOLLIN | EPOLLRDHUP));
    SHOW(look(set, 0));
    SHOW(read(ends[0], &byte, 1));
    SHOW(read(ends[0], &byte, 1));
    SHOW(look(set, 0));
    SHOW(add(set, ends[1], EPOLLOUT));
    SHOW(look(set, 0));
    SHOW(removed(set, ends[1]));
    SHOW(look(set, 0));
}

/* The entry goes with the last descriptor of its file. */
static void
closed_ones(void)
{
    int other[2];

    SHOW(pipe(other));
    SHOW(add(set, other[0], EPOLLIN));
    SHOW(write(other[1], "x", 1));
    SHOW(look(set, 0));
    SHOW(close(other[0]));
    SHOW(look(set, 0));
    SHOW(removed(set, other[0]));
    SHOW(close(other[1]));
}

/* A copy of a descriptor keeps the file, and with it the entry, which is the closed one's. */
static void
copied_ones(void)
{
    int other[2], copy;
    char byte;

    SHOW(pipe(other));
    SHOW(copy = dup(other[0]));
    SHOW(add(set, other[0], EPOLLIN));
    SHOW(write(other[1], "x", 1));
    SHOW(close(other[0]));
    SHOW(look(set, 0));
    SHOW(removed(set, other[0]));
    SHOW(removed(set, copy));
    SHOW(add(set, copy, EPOLLIN));
    SHOW(look(set, 0));
    SHOW(dup2(ends[1], other[0])); /* another file by that number */
    SHOW(removed(set, other[0]));
    SHOW(dup2(copy, other[0]));
    SHOW(removed(set, other[0]));
    SHOW(look(set, 0));
    SHOW(close(other[0]));
    SHOW(read(copy, &byte, 1));
    SHOW(look(set, 0));
    SHOW(close(copy));
    SHOW(look(set, 0));
    SHOW(close(other[1]));
}

/* More that are ready than asked for: each has its turn. */
static void
turns(void)
{
    struct epoll_event events[2];
    int pairs[5][2], seen = 0;

    for (int i = 0; i < 5; i++) {
        SHOW(pipe(pairs[i]));
        SHOW(add(set, pairs[i][0], EPOLLIN));
        SHOW(write(pairs[i][1], "x", 1));
    }
    for (int round = 0; round < 3; round++) {
        SHOW(epoll_wait(set, events, 2, 0));
        for (int i = 0; i < 5; i++)
            for (int j = 0; j < 2; j++)
                seen |= (events[j].data.u32 == (uint32_t)pairs[i][0]) << i;
    }
    SHOW(seen);
    for (int i = 0; i < 5; i++) {
        SHOW(modify(set, pairs[i][0], EPOLLIN | EPOLLET));
        SHOW(close(pairs[i][1]));
    }
    for (int round = 0; round < 4; round++)
        SHOW(epoll_wait(set, events, 2, 0));
    for (int i = 0; i < 5; i++)
        SHOW(close(pairs[i][0]));
    SHOW(look(set, 0));
}

/* What was reported once says nothing more, not even errors, until it is asked for again. */
static void
single_shots(void)
{
    int pair[2];

    SHOW(pipe(pair));
    SHOW(add(set, pair[0], EPOLLIN | EPOLLONESHOT));
    SHOW(write(pair[1], "x", 1));
    SHOW(look(set, 0));
    SHOW(close(pair[1]));
    SHOW(look(set, 0));
    SHOW(modify(set, pair[0], EPOLLONESHOT));
    SHOW(look(set, 0));
    SHOW(look(set, 0));
    SHOW(modify(set, pair[0], 0));
    SHOW(look(set, 0));
    SHOW(look(set, 0));
    SHOW(close(pair[0]));
}

static void *
write_later(void *unused)
{
    usleep(20000);
    write(ends[1], "y", 1);
    return unused;
}

static void *
add_later(void *fd)
{
    usleep(20000);
    add(set, *(int *)fd, EPOLLOUT);
    return NULL;
}

static void
woken(void)
{
    pthread_t thread;
    char byte;

    SHOW_CODE(pthread_create(&thread, NULL, write_later, NULL));
    SHOW(look(set, -1));
    SHOW_CODE(pthread_join(thread, NULL));
    SHOW(read(ends[0], &byte, 1));
    SHOW_CODE(pthread_create(&thread, NULL, add_later, &ends[1]));
    SHOW(look(set, -1));
    SHOW_CODE(pthread_join(thread, NULL));
    SHOW(removed(set, ends[1]));
}

/* An epoll descriptor is readable when one of its own entries is ready. */
static void
nested(void)
{
    pthread_t thread;
    fd_set readable;
    char byte;
    int outer;

    SHOW(polled(set, 0));
    SHOW(outer = epoll_create1(0));
    SHOW(add(outer, set, EPOLLIN));
    SHOW(look(outer, 0));
    SHOW(write(ends[1], "x", 1));
    SHOW(polled(set, 0));
    SHOW(look(outer, 0));
    SHOW(polled(outer, 0));
    FD_ZERO(&readable);
    FD_SET(outer, &readable);
    SHOW(select(outer + 1, &readable, NULL, NULL, NULL));
    SHOW(read(ends[0], &byte, 1));
    SHOW(look(outer, 0));
    SHOW(polled(outer, 0));
    SHOW_CODE(pthread_create(&thread, NULL, write_later, NULL));
    SHOW(look(outer, -1));
    SHOW_CODE(pthread_join(thread, NULL));
    SHOW(read(ends[0], &byte, 1));
    SHOW_CODE(pthread_create(&thread, NULL, write_later, NULL));
    SHOW(polled(set, -1));
    SHOW_CODE(pthread_join(thread, NULL));
    SHOW(read(ends[0], &byte, 1));
    SHOW_CODE(pthread_create(&thread, NULL, add_later, &ends[1]));
    SHOW(look(outer, -1));
    SHOW_CODE(pthread_join(thread, NULL));
    SHOW(removed(set, ends[1]));
    SHOW(modify(outer, set, EPOLLIN | EPOLLET));
    SHOW(look(outer, 0));
    SHOW(write(ends[1], "x", 1));
    SHOW(look(outer, 0));
    SHOW(look(outer, 0));
    SHOW(read(ends[0], &byte, 1));
    SHOW(add(set, outer, EPOLLIN)); /* a circle */
    SHOW(close(outer));
    SHOW(polled(set, 0));
}

/* What was closed is no entry any more, whoever has its number now. */
static void
renumbered(void)
{
    int pair[2], outer, third;

    SHOW(pipe(pair));
    SHOW(outer = epoll_create1(0));
    SHOW(third = epoll_create1(0));
    SHOW(add(set, pair[0], EPOLLIN));
    SHOW(add(outer, set, EPOLLIN));
    SHOW(close(pair[0]));
    SHOW(close(pair[1]));
    SHOW(dup2(outer, pair[0])); /* no circle */
    SHOW(polled(outer, 0));
    SHOW(look(outer, 0));
    SHOW(add(third, outer, EPOLLIN));
    SHOW(look(third, 0));
    SHOW(close(pair[0]));
    SHOW(close(outer));
    SHOW(close(third));
}

/* An edge of one entry counts, whatever became of the others. */
static void
nested_edges(void)
{
    int pair[2], outer;
    char byte;

    SHOW(pipe(pair));
    SHOW(outer = epoll_create1(0));
    SHOW(add(set, pair[0], EPOLLIN));
    SHOW(add(outer, set, EPOLLIN | EPOLLET));
    SHOW(write(pair[1], "x", 1));
    SHOW(look(outer, 0));
    SHOW(look(outer, 0));
    SHOW(removed(set, pair[0]));
    SHOW(write(ends[1], "x", 1));
    SHOW(look(outer, 0));
    SHOW(look(outer, 0));
    SHOW(read(ends[0], &byte, 1));
    SHOW(close(outer));
    SHOW(close(pair[0]));
    SHOW(close(pair[1]));
}

static void
depth(void)
{
    int sets[8];

    for (int i = 0; i < 8; i++)
        sets[i] = epoll_create1(0);
    for (int i = 0; i + 1 < 8; i++)
        SHOW(add(sets[i + 1], sets[i], EPOLLIN));
    for (int i = 0; i < 8; i++)
        close(sets[i]);
}

/* Layers in which each set contains all sets of the layer below: a way through them for each of
 * 40 to the fourth power, which nobody may walk one by one. */
static void
layers(void)
{
    enum { LAYERS = 5, WIDTH = 40 };
    int sets[LAYERS][WIDTH], top, added = 0;

    for (int i = 0; i < LAYERS * WIDTH; i++)
        sets[i / WIDTH][i % WIDTH] = epoll_create1(0);
    for (int layer = 1; layer < LAYERS; layer++)
        for (int i = 0; i < WIDTH * WIDTH; i++)
            added += !add(sets[layer][i / WIDTH], sets[layer - 1][i % WIDTH], EPOLLIN);
    SHOW(added);
    SHOW(look(sets[LAYERS - 1][0], 0));
    SHOW(top = epoll_create1(0));
    SHOW(add(top, sets[LAYERS - 1][0], EPOLLIN));
    SHOW(add(sets[0][0], sets[LAYERS - 1][0], EPOLLIN));
    SHOW(close(top));
    for (int i = 0; i < LAYERS * WIDTH; i++)
        close(sets[i / WIDTH][i % WIDTH]);
}

void
epolls(void)
{
    SHOW(pipe(ends));
    calls();
    levels_and_edges();
    closed_ones();
    copied_ones();
    turns();
    single_shots();
    woken();
    nested();
    renumbered();
    nested_edges();
    depth();
    layers();
    SHOW(close(set));
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
}
