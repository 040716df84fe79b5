/*
 * Commits. With a journal, a commit is one transaction in the format of Linux's journal (jbd2, as
 * Documentation/filesystems/ext4/journal.rst has it), so that e2fsck and Linux replay it:
 *
 *   1. contents of files go to their places, and into the journal a descriptor, copies of all other
 *      changed blocks, and the block that ends a transaction; flush.
 *   2. The journal's superblock names the transaction. It is one sector, which is written or is not:
 *      with it everything has happened, before it nothing. Flush: now it is on the medium.
 *   3. The blocks go to their places. Whenever power fails meanwhile, the journal has them.
 *   4. Before the next transaction overwrites this one: flush, the journal is empty, flush.
 *
 * So there is never more than one transaction in the journal, and no block in it that has become the
 * contents of a file meanwhile (space.c), which is why no revocations are needed.
 *
 * Without a journal, or when a change is larger than it, contents are written before the rest, with a
 * flush between and behind.
 */
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/ext/journal.h"

#define SUPER_SIZE 1024

static int
flush(struct ext *e)
{
    int error = e->disk->can_flush ? disk_flush(e->disk) : 0;

    return error == -ENOTSUP ? 0 : error;
}

/* ---- writing the journal ---- */

/* `start`: where the transaction `sequence` lies that counts, 0 if there is none. */
static int
write_super(struct ext *e, uint32_t start, uint32_t sequence)
{
    char *buffer = kmalloc(SUPER_SIZE);
    struct super *super = (struct super *)buffer;
    int error = buffer ? journal_move(e, DISK_READ, 0, buffer, SUPER_SIZE) : -ENOMEM;

    if (!error) {
        super->header.type = be32(TYPE_SUPER_V2);
        super->compat = super->incompat = super->ro_compat = 0;
        super->start = be32(start);
        super->sequence = be32(sequence);
        error = journal_move(e, DISK_WRITE, 0, buffer, SUPER_SIZE);
    }
    kfree(buffer);
    return error;
}

/* Blocks of the journal one after the other, gathered into larger requests. */
struct writer {
    struct ext *e;
    unsigned first, count; /* gathered */
};

static int
write_out(struct writer *w)
{
    size_t size = w->e->cache.block_size;
    int error = w->count ? journal_move(w->e, DISK_WRITE, w->first, w->e->cache.staging,
                                        w->count * size)
                         : 0;

    w->first += w->count;
    w->count = 0;
    return error;
}

/* Where the next block can be made. */
static int
next_block(struct writer *w, char **out)
{
    const blk64_t *where = w->e->journal.where + w->first;
    size_t size = w->e->cache.block_size;

    if (w->count &&
        (w->count == EXT_STAGING / size || where[w->count] != where[0] + w->count)) {
        int error = write_out(w);
        if (error)
            return error;
    }
    *out = memset(w->e->cache.staging + w->count++ * size, 0, size);
    return 0;
}

/* Blocks of the journal for so many blocks. */
static size_t
blocks_for(const struct ext *e, size_t count)
{
    return count + (count + tags_in_block(e) - 1) / tags_in_block(e) + 1;
}

static void
put_header(const struct ext *e, char *block, uint32_t type)
{
    *(struct header *)block =
        (struct header){be32(MAGIC), be32(type), be32(e->journal.sequence)};
}

static bool
looks_like_journal(const char *block)
{
    return ((const struct header *)block)->magic == be32(MAGIC);
}

static int
write_descriptor(struct writer *w, struct ext_block **blocks, unsigned count)
{
    char *block;
    int error = next_block(w, &block);

    if (error)
        return error;
    put_header(w->e, block, TYPE_DESCRIPTOR);
    struct tag *tags = (struct tag *)(block + sizeof(struct header));
    for (unsigned i = 0; i < count; i++) {
        unsigned flags = TAG_SAME_UUID |
                         (looks_like_journal(blocks[i]->bytes) ? TAG_ESCAPED : 0) |
                         (i == count - 1 ? TAG_LAST : 0);
        tags[i].block = be32((uint32_t)blocks[i]->number);
        tags[i].flags = be16((uint16_t)flags);
    }
    return 0;
}

static int
write_copy(struct writer *w, const struct ext_block *b)
{
    char *block;
    int error = next_block(w, &block);

    if (error)
        return error;
    memcpy(block, b->bytes, w->e->cache.block_size);
    if (looks_like_journal(block))
        memset(block, 0, sizeof(uint32_t));
    return 0;
}

static int
write_transaction(struct ext *e, struct ext_block **blocks, size_t count)
{
    struct writer w = {e, e->journal.first, 0};
    char *block;
    int error = 0;

    for (size_t i = 0; !error && i < count; i++) {
        if (i % tags_in_block(e) == 0)
            error =
                write_descriptor(&w, blocks + i, (unsigned)MIN(count - i, tags_in_block(e)));
        if (!error)
            error = write_copy(&w, blocks[i]);
    }
    if (!error)
        error = next_block(&w, &block);
    if (error)
        return error;
    put_header(e, block, TYPE_COMMIT);
    return write_out(&w);
}

/* ---- commits ---- */

int
journal_retire(struct ext *e)
{
    if (!e->journal.used)
        return 0;
    int error = flush(e);
    if (!error)
        error = write_super(e, 0, e->journal.sequence);
    if (!error)
        error = flush(e);
    if (!error)
        e->journal.used = false;
    return error;
}

static int
commit_by_journal(struct ext *e, struct ext_block **blocks, size_t count)
{
    int error = write_transaction(e, blocks, count);

    if (!error)
        error = flush(e);
    if (!error)
        error = write_super(e, e->journal.first, e->journal.sequence);
    if (!error)
        error = flush(e);
    if (error)
        return error;
    e->journal.used = true;
    e->journal.sequence++;
    return ext_cache_write_meta(&e->cache);
}

static int
commit_in_order(struct ext *e)
{
    int error = flush(e);

    if (!error)
        error = ext_cache_write_meta(&e->cache);
    return error ? error : flush(e);
}

static int
write_all(struct ext *e)
{
    int error = ext_error(ext_space_write(e));

    if (!error)
        error = journal_retire(e);
    if (!error)
        error = ext_cache_write_data(&e->cache);
    size_t count = e->cache.nr_meta;
    if (error || !count)
        return error ? error : flush(e);
    if (!e->journal.where || blocks_for(e, count) > e->journal.blocks - e->journal.first)
        return commit_in_order(e);
    struct ext_block **blocks = kmalloc_raw(count * sizeof(struct ext_block *));
    if (!blocks)
        return -ENOMEM;
    ext_cache_list_meta(&e->cache, blocks);
    error = commit_by_journal(e, blocks, count);
    kfree(blocks);
    return error;
}

int
ext_commit(struct ext *e)
{
    if (e->read_only)
        return 0;
    int error = e->failed ? -EIO : write_all(e);
    e->committed = clock_now();
    if (error == -ENOMEM)
        return error; /* nothing is lost: it can be tried again */
    if (error && !e->failed) {
        e->failed = true;
        log_error("ext: %s cannot be written (error %d): it is read-only from now on; "
                  "e2fsck -fy checks it",
                  e->disk->name, -error);
    }
    if (!error)
        ext_space_committed(e);
    return error;
}

int
ext_journal_finish(struct ext *e)
{
    return journal_retire(e);
}
