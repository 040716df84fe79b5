/*
 * The format of Linux's journal (jbd2), and how its blocks are moved, for those who write it (journal.c)
 * and read it (replay.c). Documentation/filesystems/ext4/journal.rst describes it.
 */
#ifndef EXT_JOURNAL_H
#define EXT_JOURNAL_H

#include "lib/ext/ext.h"

#define MAGIC           0xC03B3998u
#define TYPE_DESCRIPTOR 1
#define TYPE_COMMIT     2
#define TYPE_SUPER_V1   3
#define TYPE_SUPER_V2   4
#define TAG_ESCAPED     1 /* its first four bytes were MAGIC, and are zero in the journal */
#define TAG_SAME_UUID   2
#define TAG_LAST        8

/* All of it is big-endian. */
struct header {
    uint32_t magic, type, sequence;
};

struct tag {
    uint32_t block;
    uint16_t checksum, flags;
};

struct super {
    struct header header;
    uint32_t block_size, blocks, first, sequence, start, error;
    uint32_t compat, incompat, ro_compat;
    uint8_t uuid[16];
    uint32_t users;
};

static inline uint32_t
be32(uint32_t n)
{
    return __builtin_bswap32(n);
}

static inline uint16_t
be16(uint16_t n)
{
    return __builtin_bswap16(n);
}

/* Tags that a descriptor has room for. */
static inline unsigned
tags_in_block(const struct ext *e)
{
    return (e->cache.block_size - sizeof(struct header)) / sizeof(struct tag);
}

/* A block of the journal, which is not cached. */
static inline int
journal_move(struct ext *e, enum disk_op op, unsigned block, void *data, size_t len)
{
    return fs_disk_bytes(e->disk, op, e->journal.where[block] * e->cache.block_size, data, len);
}

/* The transaction that the journal has, if any, is in its place: it is not needed any more. */
int journal_retire(struct ext *);

#endif
