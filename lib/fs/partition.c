/*
 * Reading partition tables. The MBR's is four entries at the end of the first sector, one of
 * which may lead to a chain of sectors with one logical partition each; the GPT's is a header
 * with a checksum and an array with another (UEFI Specification 2.10, 5.2 and 5.3). All of it
 * is somebody's bytes: every address is held against the disk, every loop against a limit.
 */
#include <stdbool.h>
#include <stddef.h>
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lib/fs/partition.h"

#define MBR_TABLE     446
#define MBR_ENTRIES   4
#define MBR_SIGNATURE 0xaa55
#define MBR_LOGICAL   5 /* number of the first logical partition */

#define TYPE_EXTENDED     0x05
#define TYPE_EXTENDED_LBA 0x0f
#define TYPE_GPT          0xee

#define GPT_HEADER_MIN  92
#define GPT_ENTRY_MIN   128
#define GPT_ENTRIES_MAX 128

struct mbr_entry {
    uint8_t status;
    uint8_t chs_first[3];
    uint8_t type;
    uint8_t chs_last[3];
    uint32_t start;
    uint32_t count;
} __attribute__((packed));

struct gpt_header {
    char signature[8];
    uint32_t revision;
    uint32_t header_size;
    uint32_t header_crc;
    uint32_t reserved;
    uint64_t own_lba, other_lba, first_usable, last_usable;
    uint8_t guid[16];
    uint64_t entries_lba;
    uint32_t nr_entries;
    uint32_t entry_size;
    uint32_t entries_crc;
} __attribute__((packed));

struct gpt_entry {
    uint8_t type[16];
    uint8_t guid[16];
    uint64_t first, last;
} __attribute__((packed));

/* Addresses and lengths of a table are in its own unit, of 512 << shift bytes. */
struct scan {
    partition_read read;
    void *arg;
    unsigned shift;
    uint64_t end; /* of the disk, in the unit */
    struct partition *out;
    unsigned nr;
};

static bool
inside(const struct scan *s, uint64_t start, uint64_t count)
{
    return count != 0 && start < s->end && count <= s->end - start;
}

static void
add(struct scan *s, unsigned number, uint64_t start, uint64_t count)
{
    if (s->nr < PARTITION_MAX)
        s->out[s->nr++] = (struct partition){number, start << s->shift, count << s->shift};
}

/* Sector `i` of those from `at` on, which lies inside the disk. */
static int
read_at(const struct scan *s, uint64_t at, unsigned i, uint8_t sector[DISK_SECTOR])
{
    return s->read(s->arg, (at << s->shift) + i, sector);
}

static bool
is_extended(const struct mbr_entry *e)
{
    return e->type == TYPE_EXTENDED || e->type == TYPE_EXTENDED_LBA;
}

/* The table of a sector that has one: the signature, and entries as a partitioner writes them.
 */
static bool
mbr_entries(const uint8_t *sector, struct mbr_entry out[MBR_ENTRIES])
{
    uint16_t signature;

    memcpy(&signature, sector + DISK_SECTOR - sizeof(signature), sizeof(signature));
    if (signature != MBR_SIGNATURE)
        return false;
    memcpy(out, sector + MBR_TABLE, MBR_ENTRIES * sizeof(*out));
    for (int i = 0; i < MBR_ENTRIES; i++)
        if (out[i].status & 0x7f)
            return false;
    return true;
}

/*
 * Each block of the chain has one logical partition, relative to that block, and the way to the
 * next one, relative to the first. A chain that leads back or out of the disk ends.
 */
static int
scan_logical(struct scan *s, const struct mbr_entry *extended)
{
    uint8_t sector[DISK_SECTOR];
    struct mbr_entry e[MBR_ENTRIES];
    uint64_t at = extended->start;

    for (unsigned number = MBR_LOGICAL; number < MBR_LOGICAL + PARTITION_MAX; number++) {
        int error = read_at(s, at, 0, sector);
        if (error)
            return error;
        if (!mbr_entries(sector, e))
            return 0;
        if (e[0].type && inside(s, at + e[0].start, e[0].count))
            add(s, number, at + e[0].start, e[0].count);
        uint64_t next = (uint64_t)extended->start + e[1].start;
        if (!is_extended(&e[1]) || next <= at || next >= s->end)
            return 0;
        at = next;
    }
    return 0;
}

/* Does the table make sense in this unit? */
static bool
mbr_fits(const struct scan *s, const struct mbr_entry entries[MBR_ENTRIES])
{
    for (int i = 0; i < MBR_ENTRIES; i++)
        if (entries[i].type && !inside(s, entries[i].start, entries[i].count))
            return false;
    return true;
}

static int
scan_mbr(struct scan *s, const struct mbr_entry entries[MBR_ENTRIES])
{
    for (unsigned i = 0; i < MBR_ENTRIES; i++)
        if (entries[i].type && !is_extended(&entries[i]))
            add(s, i + 1, entries[i].start, entries[i].count);
    for (int i = 0; i < MBR_ENTRIES; i++)
        if (is_extended(&entries[i]))
            return scan_logical(s, &entries[i]);
    return 0;
}

/* The checksum of Ethernet and zip, begun with and inverted at the end as they do. */
static uint32_t
crc32(uint32_t crc, const void *data, size_t len)
{
    const uint8_t *at = data;

    while (len--) {
        crc ^= *at++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return crc;
}

static bool
gpt_header_valid(struct gpt_header *h, uint8_t *sector, uint64_t lba)
{
    memcpy(h, sector, sizeof(*h));
    if (memcmp(h->signature, "EFI PART", 8) != 0 || h->header_size < GPT_HEADER_MIN ||
        h->header_size > DISK_SECTOR || h->own_lba != lba)
        return false;
    memset(sector + offsetof(struct gpt_header, header_crc), 0, sizeof(h->header_crc));
    return ~crc32(~0u, sector, h->header_size) == h->header_crc;
}

/* Entries are taken as they are read; the sum over all of them says at the end whether they
 * count. */
static int
scan_gpt_entries(struct scan *s, const struct gpt_header *h, bool *valid)
{
    static const uint8_t unused[16];
    uint8_t sector[DISK_SECTOR];
    struct gpt_entry e;
    uint32_t crc = ~0u;
    int error;

    *valid = false;
    /* Entries larger than the usual 128 bytes are allowed, and have not been seen. */
    if (h->entry_size != GPT_ENTRY_MIN || h->nr_entries > GPT_ENTRIES_MAX ||
        !inside(s, h->entries_lba, GPT_ENTRIES_MAX * GPT_ENTRY_MIN / DISK_SECTOR >> s->shift))
        return 0;
    unsigned in_sector = DISK_SECTOR / GPT_ENTRY_MIN;
    for (unsigned i = 0; i < h->nr_entries; i++) {
        if (i % in_sector == 0 && (error = read_at(s, h->entries_lba, i / in_sector, sector)))
            return error;
        memcpy(&e, sector + i % in_sector * GPT_ENTRY_MIN, sizeof(e));
        crc = crc32(crc, sector + i % in_sector * GPT_ENTRY_MIN, GPT_ENTRY_MIN);
        if (memcmp(e.type, unused, sizeof(unused)) != 0 && e.last >= e.first &&
            inside(s, e.first, e.last - e.first + 1))
            add(s, i + 1, e.first, e.last - e.first + 1);
    }
    *valid = ~crc == h->entries_crc;
    return 0;
}

/* The first copy that is whole: in the second block, or in the last (5.3.2). */
static int
scan_gpt(struct scan *s, bool *valid)
{
    uint64_t places[] = {1, s->end - 1};
    uint8_t sector[DISK_SECTOR];
    struct gpt_header h;

    *valid = false;
    for (unsigned i = 0; i < ARRAY_SIZE(places) && s->end > 1; i++) {
        int error = read_at(s, places[i], 0, sector);
        if (error)
            return error;
        if (!gpt_header_valid(&h, sector, places[i]))
            continue;
        error = scan_gpt_entries(s, &h, valid);
        if (error || *valid)
            return error;
        s->nr = 0;
    }
    return 0;
}

static void
set_unit(struct scan *s, uint64_t capacity, unsigned shift)
{
    s->shift = shift;
    s->end = capacity >> shift;
}

int
partition_scan(partition_read read, void *arg, uint64_t capacity, uint32_t block_size,
               struct partition out[PARTITION_MAX])
{
    struct scan s = {.read = read, .arg = arg, .out = out};
    unsigned own = (unsigned)__builtin_ctz(block_size / DISK_SECTOR);
    uint8_t sector[DISK_SECTOR];
    struct mbr_entry entries[MBR_ENTRIES];
    bool gpt = false, valid = false;

    if (capacity < 2)
        return 0;
    int error = read(arg, 0, sector);
    if (error)
        return error;
    if (!mbr_entries(sector, entries))
        return 0;
    for (int i = 0; i < MBR_ENTRIES; i++)
        gpt |= entries[i].type == TYPE_GPT;
    set_unit(&s, capacity, own);
    if (!gpt) {
        if (!mbr_fits(&s, entries))
            set_unit(&s, capacity, 0);
        error = mbr_fits(&s, entries) ? scan_mbr(&s, entries) : 0;
        return error ? error : (int)s.nr;
    }
    error = scan_gpt(&s, &valid);
    for (unsigned shift = 0; DISK_SECTOR << shift <= DISK_BLOCK_MAX && !error && !valid;
         shift++) {
        set_unit(&s, capacity, shift);
        error = scan_gpt(&s, &valid);
    }
    return error ? error : (int)s.nr;
}
