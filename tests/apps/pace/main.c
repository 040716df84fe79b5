/*
 * How fast the processor runs a program: one line for each little piece of work, with the time of
 * a turn in hundredths of a nanosecond. It is linked as a Ringlet image and, by musl, as a program
 * for 32-bit Linux; tests/bench/strings.py puts the two beside each other. What a segment's base
 * costs shows here (docs/launcher.md): of code in all of it, of data in "string".
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 15
#define TURNS  20000
#define WORDS  365 /* 1460 bytes, a segment of TCP */

/* At the same place in a line of the cache in both programs: where a loop crosses one it takes
 * twice as long. */
#define ALIGNED __attribute__((aligned(64)))

static ALIGNED uint32_t from[WORDS], to[WORDS];
static volatile uint32_t result;

/* Each step needs the one before it. */
static ALIGNED void
dependent(uint32_t turns)
{
    uint32_t x = result;

    for (uint32_t i = 0; i < turns; i++)
        x = (x * 1664525 + 1013904223) ^ x >> 13;
    result = x;
}

static ALIGNED __attribute__((noinline)) uint32_t
twice(uint32_t x)
{
    __asm__("" : "+r"(x));
    return 2 * x;
}

static ALIGNED void
calls(uint32_t turns)
{
    uint32_t x = 1;

    for (uint32_t i = 0; i < turns; i++)
        x += twice(x);
    result = x;
}

/* By words in a loop that the compiler does not take for memcpy. */
static ALIGNED void
loop(uint32_t turns)
{
    for (uint32_t i = 0; i < turns / 64; i++)
        for (unsigned word = 0; word < WORDS; word++) {
            to[word] = from[word];
            __asm__("" : : : "memory");
        }
}

static ALIGNED void
string(uint32_t turns)
{
    for (uint32_t i = 0; i < turns / 64; i++) {
        void *destination = to;
        const void *source = from;
        size_t words = WORDS;
        __asm__ volatile("rep movsl" : "+D"(destination), "+S"(source), "+c"(words) : : "memory");
    }
}

static ALIGNED void
format(uint32_t turns)
{
    char line[80];

    for (uint32_t i = 0; i < turns / 64; i++)
        result = (uint32_t)snprintf(line, sizeof(line), "Content-Length: %u\r\nETag: \"%x-%s\"\r\n",
                                    i, i, "ringlet");
}

static const struct {
    const char *name;
    void (*work)(uint32_t turns);
    uint32_t unit; /* turns that count as one */
} pieces[] = {
    {"dependent", dependent, 1}, {"calls", calls, 1},      {"loop", loop, 64},
    {"string", string, 64},      {"snprintf", format, 64},
};

static uint64_t
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int
by_size(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

int
main(void)
{
    for (unsigned i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        uint64_t times[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            uint64_t start = now();
            pieces[i].work(TURNS);
            times[round] = (now() - start) * 100 * pieces[i].unit / TURNS;
        }
        qsort(times, ROUNDS, sizeof(times[0]), by_size);
        printf("%s %llu\n", pieces[i].name, (unsigned long long)times[ROUNDS / 2]);
    }
    return 0;
}
