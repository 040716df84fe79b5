/*
 * Finding the journal at a mount, and what is in it. After a power cut there may be one transaction
 * that was committed and not yet put in its place, as journal.c wrote it. What else a journal can hold,
 * which Linux writes (several transactions, revocations, checksums, other places), is left to e2fsck.
 */
#include "kernel/string.h"
#include "lib/ext/journal.h"

#define BLOCKS_MAX 4096 /* of a journal, that are used */

/* ---- replay ---- */

/* Put the blocks of one descriptor, at *at in the journal, where they belong, or only count them. */
static int
replay_descriptor(struct ext *e, const char *block, unsigned *at, bool put)
{
    const struct tag *tag = (const struct tag *)(block + sizeof(struct header));
    char *copy = kmalloc_raw(e->cache.block_size);
    int error = copy ? 0 : -ENOMEM;

    for (unsigned i = 0, flags = 0; !error && i < tags_in_block(e) && !(flags & TAG_LAST);
         i++, tag++) {
        flags = be16(tag->flags);
        if (!(flags & TAG_SAME_UUID) || ++*at >= e->journal.blocks)
            error = -ENOTSUP;
        else if (put)
            error = journal_move(e, DISK_READ, *at, copy, e->cache.block_size);
        if (!error && put && (flags & TAG_ESCAPED))
            *(uint32_t *)copy = be32(MAGIC);
        if (!error && put)
            error = ext_cache_write(&e->cache, (uint64_t)be32(tag->block) * e->cache.block_size,
                                    copy, e->cache.block_size, false);
    }
    kfree(copy);
    return error;
}

/* The transaction at the journal's beginning. 1: it is whole; 0: it never was. */
static int
replay_transaction(struct ext *e, uint32_t sequence, bool put)
{
    char *block = kmalloc_raw(e->cache.block_size);
    int result = block ? 0 : -ENOMEM;

    for (unsigned at = e->journal.first; !result && at < e->journal.blocks; at++) {
        const struct header *header = (const struct header *)block;
        result = journal_move(e, DISK_READ, at, block, e->cache.block_size);
        if (result)
            break;
        if (header->magic != be32(MAGIC) || header->sequence != be32(sequence))
            break;
        if (header->type == be32(TYPE_COMMIT))
            result = 1;
        else if (header->type != be32(TYPE_DESCRIPTOR))
            result = -ENOTSUP;
        else
            result = replay_descriptor(e, block, &at, put);
    }
    kfree(block);
    return result;
}

static int
replay(struct ext *e, const struct super *super, bool *replayed)
{
    uint32_t sequence = be32(super->sequence);

    if (super->incompat || be32(super->start) != e->journal.first)
        return -ENOTSUP;
    int result = replay_transaction(e, sequence, false);
    if (result > 0)
        result = replay_transaction(e, sequence, true);
    if (result < 0)
        return result;
    *replayed = result > 0;
    e->journal.sequence = sequence + 1;
    if (e->read_only)
        return 0; /* the cache has it, which is enough */
    e->journal.used = true;
    int error = ext_cache_write_meta(&e->cache);
    return error ? error : journal_retire(e);
}

/* ---- finding it ---- */

static int
map(struct ext *e, unsigned blocks)
{
    ext2_filsys fs = e->fs;
    errcode_t error = 0;

    e->journal.where = kmalloc(blocks * sizeof(blk64_t));
    if (!e->journal.where)
        return -ENOMEM;
    for (unsigned i = 0; !error && i < blocks; i++) {
        error = ext2fs_bmap2(fs, fs->super->s_journal_inum, NULL, NULL, 0, i, NULL,
                             &e->journal.where[i]);
        if (!error && !e->journal.where[i])
            return -EIO;
    }
    e->journal.blocks = blocks;
    return ext_error(error);
}

int
ext_journal_open(struct ext *e, bool *replayed)
{
    struct super super;
    ext2_filsys fs = e->fs;

    *replayed = false;
    if (!ext2fs_has_feature_journal(fs->super))
        return 0;
    if (!fs->super->s_journal_inum || ext2fs_blocks_count(fs->super) > UINT32_MAX)
        return -ENOTSUP;
    int error = map(e, 1);
    if (!error)
        error = journal_move(e, DISK_READ, 0, &super, sizeof(super));
    if (error)
        return error;
    unsigned blocks = (unsigned)MIN(be32(super.blocks), (uint32_t)BLOCKS_MAX);
    bool sane = super.header.magic == be32(MAGIC) && be32(super.block_size) == fs->blocksize &&
                (super.header.type == be32(TYPE_SUPER_V2) ||
                 super.header.type == be32(TYPE_SUPER_V1)) &&
                be32(super.first) >= 1 && be32(super.first) < blocks;
    if (!sane)
        return -EIO;
    ext_journal_close(e);
    e->journal.first = be32(super.first);
    e->journal.sequence = be32(super.sequence);
    error = map(e, blocks);
    return error || !super.start ? error : replay(e, &super, replayed);
}

void
ext_journal_close(struct ext *e)
{
    kfree(e->journal.where);
    e->journal.where = NULL;
}
