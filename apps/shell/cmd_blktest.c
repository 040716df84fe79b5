/*
 * blktest: random writes and reads on a disk, each read compared with what was written there
 * last. Everything follows from the seed, so that another program can tell what the disk has
 * to look like afterwards:
 *
 *   The generator is xorshift32 (x ^= x << 13, x ^= x >> 17, x ^= x << 5), beginning with the
 *   seed (1 in place of 0). The disk's first whole blocks of 4096 bytes, at most 16384 of
 *   them, are used. An operation draws three numbers: r % blocks is the first block, 1 + r %
 *   16 their number (cut at the end), and r % 4 != 0 means write. A write in operation i, from
 *   1, gives its blocks the version i. A block of version v holds 1024 words, little-endian,
 *   of a generator that begins with (seed ^ block * 2654435761 ^ v * 2246822519), or 1 if
 *   that is 0. At the end every written block is read once more, and the disk is flushed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/device.h"
#include "lib/fs/fs.h"
#include "shell.h"

#define BLOCK        4096u
#define BLOCKS_MAX   16384u
#define RUN_MAX      16u /* blocks of one operation */
#define ERRORS_SHOWN 10

struct test {
    struct disk_device *disk;
    uint32_t seed, blocks;
    uint32_t *versions; /* of each block; 0: never written */
    char *data;         /* RUN_MAX blocks */
    uint64_t writes, reads, errors;
};

static uint32_t
next_random(uint32_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 17;
    *x ^= *x << 5;
    return *x;
}

static void
fill_block(const struct test *t, uint32_t block, uint32_t version, uint32_t words[BLOCK / 4])
{
    uint32_t x = t->seed ^ block * 2654435761u ^ version * 2246822519u;

    if (x == 0)
        x = 1;
    for (unsigned i = 0; i < BLOCK / 4; i++)
        words[i] = next_random(&x);
}

static void
report(struct test *t, const char *what, uint32_t block, int error)
{
    if (t->errors++ < ERRORS_SHOWN)
        printf("%s: block %" PRIu32 ": %s%s%s\n", t->disk->name, block, what, error ? ": " : "",
               error ? strerror(-error) : "");
}

static void
write_run(struct test *t, uint32_t first, uint32_t count, uint32_t version)
{
    for (uint32_t i = 0; i < count; i++) {
        t->versions[first + i] = version;
        fill_block(t, first + i, version, (uint32_t *)(t->data + i * BLOCK));
    }
    int error =
        fs_disk_bytes(t->disk, DISK_WRITE, (uint64_t)first * BLOCK, t->data, count * BLOCK);
    if (error)
        report(t, "cannot be written", first, error);
    t->writes++;
}

static void
read_run(struct test *t, uint32_t first, uint32_t count)
{
    uint32_t expected[BLOCK / 4];
    int error =
        fs_disk_bytes(t->disk, DISK_READ, (uint64_t)first * BLOCK, t->data, count * BLOCK);

    t->reads++;
    if (error) {
        report(t, "cannot be read", first, error);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (t->versions[first + i] == 0)
            continue;
        fill_block(t, first + i, t->versions[first + i], expected);
        if (memcmp(t->data + i * BLOCK, expected, BLOCK) != 0)
            report(t, "is not what was written", first + i, 0);
    }
}

/* Where nothing is written: a run read at once has to be the same as block by block. */
static void
compare_run(struct test *t, uint32_t first, uint32_t count)
{
    char block[BLOCK];
    int error =
        fs_disk_bytes(t->disk, DISK_READ, (uint64_t)first * BLOCK, t->data, count * BLOCK);

    t->reads++;
    for (uint32_t i = 0; i < count && !error; i++) {
        error = fs_disk_bytes(t->disk, DISK_READ, (uint64_t)(first + i) * BLOCK, block, BLOCK);
        t->reads++;
        if (!error && memcmp(t->data + i * BLOCK, block, BLOCK) != 0)
            report(t, "reads differently each time", first + i, 0);
    }
    if (error)
        report(t, "cannot be read", first, error);
}

static void
run(struct test *t, uint32_t count, bool read_only)
{
    uint32_t x = t->seed;

    for (uint32_t i = 1; i <= count && !interrupted; i++) {
        uint32_t first = next_random(&x) % t->blocks;
        uint32_t blocks = 1 + next_random(&x) % RUN_MAX;
        bool write = next_random(&x) % 4 != 0;
        if (blocks > t->blocks - first)
            blocks = t->blocks - first;
        if (read_only)
            compare_run(t, first, blocks);
        else if (write)
            write_run(t, first, blocks, i);
        else
            read_run(t, first, blocks);
    }
    for (uint32_t block = 0; block < t->blocks && !read_only && !interrupted; block++)
        if (t->versions[block])
            read_run(t, block, 1);
    int error = !read_only && t->disk->can_flush ? disk_flush(t->disk) : 0;
    if (error)
        report(t, "cannot flush", 0, error);
}

static int
test_disk(struct disk_device *disk, uint32_t seed, uint32_t count, bool read_only)
{
    struct test t = {.disk = disk, .seed = seed ? seed : 1};
    uint64_t blocks = disk->capacity / (BLOCK / DISK_SECTOR);

    t.blocks = blocks < BLOCKS_MAX ? (uint32_t)blocks : BLOCKS_MAX;
    if (t.blocks == 0) {
        fprintf(stderr, "blktest: %s is smaller than a block of %u bytes\n", disk->name, BLOCK);
        return 1;
    }
    t.versions = calloc(t.blocks, sizeof(t.versions[0]));
    t.data = malloc(RUN_MAX * BLOCK);
    if (t.versions && t.data) {
        run(&t, count, read_only);
        printf("blktest: %s, seed %" PRIu32 ", %" PRIu32 " operations: %" PRIu64
               " writes, %" PRIu64 " reads, %" PRIu64 " errors\n",
               disk->name, t.seed, count, t.writes, t.reads, t.errors);
    } else {
        fprintf(stderr, "blktest: not enough memory\n");
        t.errors++;
    }
    free(t.versions);
    free(t.data);
    return t.errors ? 1 : 0;
}

int
cmd_blktest(int argc, char **argv)
{
    uint64_t seed = 1, count = 1000;
    bool read_only = argc > 1 && strcmp(argv[1], "--read-only") == 0;
    char **words = argv + 1 + read_only;
    int nr_words = argc - 1 - read_only;

    if (nr_words < 1 || nr_words > 3)
        return command_usage(argv[0]);
    if ((nr_words > 1 && !parse_count(words[1], UINT32_MAX, &seed)) ||
        (nr_words > 2 && !parse_count(words[2], 1000000, &count)))
        return 2;
    struct disk_device *disk = disk_find(words[0]);
    if (!disk) {
        fprintf(stderr, "blktest: there is no disk %s (blk shows what there is)\n", words[0]);
        return 1;
    }
    if (disk->read_only && !read_only) {
        fprintf(stderr, "blktest: %s is read-only; --read-only tests reading alone\n",
                disk->name);
        return 1;
    }
    return test_disk(disk, (uint32_t)seed, (uint32_t)count, read_only);
}
