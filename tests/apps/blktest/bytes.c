/*
 * A disk as a file of bytes, from several threads at once. It is cut into stripes of an odd length,
 * and each thread writes every fourth of them, but for every fifth, which stays as it was; so they
 * meet in nearly every block. What a byte becomes follows from its place and the seed.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "blktest.h"

#define STRIPE  999u
#define KEPT    5u
#define WRITERS 4u

static int disk;
static uint32_t disk_bytes, pattern;
static atomic_uint failures;

static void
fill(unsigned char *to, uint32_t at, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        to[i] = (unsigned char)(((at + i) * 2654435761u ^ pattern) >> 13);
}

/* In two calls, so that one of them ends within the stripe. */
static void
write_stripe(uint32_t at, uint32_t len)
{
    unsigned char data[STRIPE];
    uint32_t first = (at ^ pattern) % len;

    fill(data, at, len);
    if (pwrite(disk, data, first, at) != (ssize_t)first ||
        pwrite(disk, data + first, len - first, at + first) != (ssize_t)(len - first)) {
        perror("pwrite");
        failures++;
    }
}

static void
check_stripe(uint32_t at, uint32_t len)
{
    unsigned char data[STRIPE], want[STRIPE];

    fill(want, at, len);
    if (pread(disk, data, len, at) != (ssize_t)len || memcmp(data, want, len) != 0) {
        printf("bytes: those from %u on are not what was written\n", (unsigned)at);
        failures++;
    }
}

static void *
writer(void *number)
{
    static void (*const steps[])(uint32_t, uint32_t) = {write_stripe, check_stripe};

    for (int step = 0; step < 2; step++)
        for (uint32_t i = (uintptr_t)number; i * STRIPE < disk_bytes; i += WRITERS)
            if (i % KEPT != 0 && failures < 10)
                steps[step](i * STRIPE,
                            disk_bytes - i * STRIPE < STRIPE ? disk_bytes - i * STRIPE : STRIPE);
    return NULL;
}

int
write_bytes(const char *name, uint32_t seed)
{
    pthread_t threads[WRITERS];
    struct stat st;
    char path[32];

    snprintf(path, sizeof(path), "/dev/%s", name);
    disk = open(path, O_RDWR);
    if (disk < 0 || fstat(disk, &st) < 0) {
        perror(path);
        return 1;
    }
    disk_bytes = (uint32_t)st.st_size;
    pattern = seed;
    for (uintptr_t i = 0; i < WRITERS; i++)
        if (pthread_create(&threads[i], NULL, writer, (void *)i) != 0)
            abort();
    for (unsigned i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    if (fsync(disk) < 0 || close(disk) < 0) {
        perror("fsync");
        failures++;
    }
    printf("bytes: %u, %u failures\n", (unsigned)disk_bytes, failures);
    return failures > 0;
}
