/*
 * What the C library's string functions take: one line for each function, size and alignment,
 * with the time of a call in hundredths of a nanosecond. It is linked as a Ringlet image and, by
 * musl and by glibc, as a program for 32-bit Linux; tests/bench/strings.py puts the three beside
 * each other.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LARGEST  65536
#define ROOM     (LARGEST + 256)
#define ROUNDS   7
#define WORK     (1u << 20) /* bytes of a round, beside OVERHEAD for each call */
#define OVERHEAD 64

/* By pointers that the compiler cannot see through: nothing is inlined, nothing left out. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;
static void *(*volatile move)(void *, const void *, size_t) = memmove;
static int (*volatile compare)(const void *, const void *, size_t) = memcmp;
static size_t (*volatile length)(const char *) = strlen;
static void *(*volatile find)(const void *, int, size_t) = memchr;

static _Alignas(64) char here[ROOM], there[ROOM];
static volatile uintptr_t result;

static void
do_memcpy(size_t offset, size_t size)
{
    result = (uintptr_t)copy(there + 2 * offset, here + offset, size);
}

/* Upwards within itself, which has to begin at the end. */
static void
do_memmove(size_t offset, size_t size)
{
    result = (uintptr_t)move(here + 8 + offset, here, size);
}

static void
do_memcmp(size_t offset, size_t size)
{
    result = (uintptr_t)compare(there + 2 * offset, here + offset, size);
}

static void
do_strlen(size_t offset, size_t size)
{
    (void)size;
    result = length(here + offset);
}

static void
do_memchr(size_t offset, size_t size)
{
    result = (uintptr_t)find(here + offset, 'y', size);
}

static const struct {
    const char *name;
    void (*call)(size_t offset, size_t size);
} functions[] = {
    {"memcpy", do_memcpy}, {"memmove", do_memmove}, {"memcmp", do_memcmp},
    {"strlen", do_strlen}, {"memchr", do_memchr},
};

static uint64_t
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Equal buffers without the character that is looked for, and a string of that length. */
static void
fill(size_t offset, size_t size)
{
    memset(here, 'x', sizeof(here));
    memset(there, 'x', sizeof(there));
    here[offset + size] = '\0';
}

static int
by_size(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* The median of some rounds, hundredths of a nanosecond. */
static uint64_t
time_of(void (*call)(size_t, size_t), size_t offset, size_t size)
{
    uint64_t times[ROUNDS];
    unsigned count = WORK / (unsigned)(size + OVERHEAD);

    for (int round = 0; round < ROUNDS; round++) {
        fill(offset, size);
        call(offset, size);
        uint64_t start = now();
        for (unsigned i = 0; i < count; i++)
            call(offset, size);
        times[round] = (now() - start) * 100 / count;
    }
    qsort(times, ROUNDS, sizeof(times[0]), by_size);
    return times[ROUNDS / 2];
}

int
main(void)
{
    static const size_t sizes[] = {16, 256, 4096, LARGEST};

    for (unsigned f = 0; f < sizeof(functions) / sizeof(functions[0]); f++)
        for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            for (size_t offset = 0; offset < 2; offset++)
                printf("%s %u %s %llu\n", functions[f].name, (unsigned)sizes[i],
                       offset ? "unaligned" : "aligned",
                       (unsigned long long)time_of(functions[f].call, offset, sizes[i]));
    return 0;
}
