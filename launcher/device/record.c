/*
 * --record=FILE: what is written to the first disk, and its flushes, in their order, for tests that lay
 * the disk as a cut of the power may leave it. The format is that of Linux's dm-log-writes, but for the
 * number of entries: nothing goes back to write it, so it is 0, and the file's end is theirs.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "launcher/device/device.h"
#include "launcher/launcher.h"

#define SECTOR      512
#define MAGIC       0x6a736677736872ull
#define ENTRY_FLUSH 1
#define PARTS_MAX   (CHAIN_PARTS + 1)

struct super {
    uint64_t magic, version, entries;
    uint32_t sector_size;
};

struct entry {
    uint64_t sector, sectors, flags, data_len;
};

static int record = -1;

static void
put(struct iovec *parts, unsigned n)
{
    while (n > 0) {
        ssize_t done = writev(record, parts, (int)n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            die("--record: cannot write: %s", strerror(errno));
        n = iov_skip(parts, n, (uint32_t)done);
    }
}

/* One sector that begins with `head`. */
static struct iovec
sector_of(uint8_t sector[SECTOR], const void *head, size_t len)
{
    memset(sector, 0, SECTOR);
    memcpy(sector, head, len);
    return (struct iovec){sector, SECTOR};
}

bool
record_open(void)
{
    const struct super super = {MAGIC, 1, 0, SECTOR};
    uint8_t sector[SECTOR];

    if (!options.record || record >= 0)
        return false;
    record = open(options.record, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (record < 0)
        usage_error("--record: cannot open %s: %s", options.record, strerror(errno));
    struct iovec part = sector_of(sector, &super, sizeof(super));
    put(&part, 1);
    return true;
}

void
record_write(uint64_t at, const struct iovec *parts, unsigned n, uint32_t len)
{
    const struct entry entry = {.sector = at / SECTOR, .sectors = len / SECTOR};
    struct iovec all[PARTS_MAX];
    uint8_t sector[SECTOR];

    all[0] = sector_of(sector, &entry, sizeof(entry));
    memcpy(all + 1, parts, n * sizeof(*parts));
    put(all, n + 1);
}

void
record_flush(void)
{
    const struct entry entry = {.flags = ENTRY_FLUSH};
    uint8_t sector[SECTOR];
    struct iovec part = sector_of(sector, &entry, sizeof(entry));

    put(&part, 1);
}
