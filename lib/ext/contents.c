/*
 * The contents of files: which block of the disk a block of a file lies in, and bytes in and out of it
 * through the cache. A block that is written for the first time is taken then, so holes stay holes.
 * The file system is held by who calls.
 */
#include "kernel/string.h"
#include "lib/ext/ext.h"

/* ---- reading ---- */

static int
read_inline(struct ext *e, struct ext_inode *inode, char *to, size_t len, uint64_t at)
{
    size_t size = 0;
    char *all = kmalloc(e->fs->blocksize);
    int error = all ? ext_error(ext2fs_inline_data_get(e->fs, inode->number, ext_short(inode),
                                                       all, &size))
                    : -ENOMEM;

    if (!error)
        memset(to, 0, len);
    if (!error && at < size)
        memcpy(to, all + at, MIN(len, size - (size_t)at));
    kfree(all);
    return error;
}

/* `len` bytes that lie within one block. */
static int
read_part(struct ext *e, struct ext_inode *inode, char *to, size_t len, uint64_t at)
{
    uint32_t size = e->fs->blocksize;
    blk64_t block;
    int flags;
    int error = ext_error(ext2fs_bmap2(e->fs, inode->number, ext_short(inode), NULL, 0,
                                       at / size, &flags, &block));

    if (error)
        return error;
    if (block && !(flags & BMAP_RET_UNINIT))
        return ext_cache_read(&e->cache, block * size + at % size, to, len);
    memset(to, 0, len);
    return 0;
}

long
ext_contents_read(struct ext *e, struct ext_inode *inode, char *to, size_t len, uint64_t at)
{
    size_t done = 0;
    int error = 0;

    if (at >= EXT2_I_SIZE(&inode->raw))
        return 0;
    len = (size_t)MIN((uint64_t)len, EXT2_I_SIZE(&inode->raw) - at);
    if (inode->raw.i_flags & EXT4_INLINE_DATA_FL) {
        error = read_inline(e, inode, to, len, at);
        return error ? error : (long)len;
    }
    while (!error && done < len) {
        size_t now =
            MIN(len - done, e->fs->blocksize - (size_t)((at + done) % e->fs->blocksize));
        error = read_part(e, inode, to + done, now, at + done);
        done += error ? 0 : now;
    }
    return done ? (long)done : error;
}

/* ---- writing ---- */

/* The block of a file, taken if there is none. */
static int
block_to_write(struct ext *e, struct ext_inode *inode, uint64_t number, blk64_t *out)
{
    int flags;
    errcode_t error = ext2fs_bmap2(e->fs, inode->number, ext_short(inode), NULL, BMAP_ALLOC,
                                   number, &flags, out);

    if (error == EXT2_ET_BLOCK_ALLOC_FAIL && e->nr_freed) {
        int failed = ext_commit(e);
        if (failed)
            return failed;
        error = ext2fs_bmap2(e->fs, inode->number, ext_short(inode), NULL, BMAP_ALLOC, number,
                             &flags, out);
    }
    if (error || !(flags & BMAP_RET_UNINIT))
        return ext_error(error);
    /* It was reserved: from now on it counts, and what lies there may be anything. */
    char *zeroes = kmalloc(e->fs->blocksize);
    if (!zeroes)
        return -ENOMEM;
    int failed =
        ext_cache_write(&e->cache, *out * e->fs->blocksize, zeroes, e->fs->blocksize, true);
    kfree(zeroes);
    return failed ? failed
                  : ext_error(ext2fs_bmap2(e->fs, inode->number, ext_short(inode), NULL,
                                           BMAP_SET, number, NULL, out));
}

static int
write_part(struct ext *e, struct ext_inode *inode, const char *from, size_t len, uint64_t at)
{
    uint32_t size = e->fs->blocksize;
    blk64_t block;
    int error = block_to_write(e, inode, at / size, &block);

    return error ? error
                 : ext_cache_write(&e->cache, block * size + at % size, from, len, true);
}

static int
written(struct ext *e, struct ext_inode *inode, uint64_t end)
{
    int error = 0;

    if (end > EXT2_I_SIZE(&inode->raw))
        error = ext_error(ext2fs_inode_size_set(e->fs, ext_short(inode), (ext2_off64_t)end));
    if (error)
        return error;
    ext_inode_set_time(e, inode, EXT_MTIME | EXT_CTIME, fs_now());
    return ext_inode_write(e, inode);
}

long
ext_contents_write(struct ext *e, struct ext_inode *inode, const char *from, size_t len,
                   uint64_t at)
{
    size_t done = 0;
    int error = 0;

    while (!error && done < len) {
        size_t now =
            MIN(len - done, e->fs->blocksize - (size_t)((at + done) % e->fs->blocksize));
        error = write_part(e, inode, from + done, now, at + done);
        done += error ? 0 : now;
    }
    if (!done)
        return error;
    error = written(e, inode, at + done);
    return error ? error : (long)done;
}

/* ---- holes ---- */

/* True if there is data in this block of a file. */
static int
has_data(struct ext *e, struct ext_inode *inode, uint64_t number, bool *out)
{
    blk64_t block;
    int flags;
    int error = ext_error(
        ext2fs_bmap2(e->fs, inode->number, ext_short(inode), NULL, 0, number, &flags, &block));

    *out = !error && block && !(flags & BMAP_RET_UNINIT);
    return error;
}

int64_t
ext_contents_find(struct ext *e, struct ext_inode *inode, uint64_t at, bool hole)
{
    uint64_t size = EXT2_I_SIZE(&inode->raw), block = e->fs->blocksize, number = at / block;
    bool data = true;

    if (at >= size)
        return -ENXIO;
    if (inode->raw.i_flags & EXT4_INLINE_DATA_FL)
        return (int64_t)(hole ? size : at);
    for (; number * block < size; number++) {
        int error = has_data(e, inode, number, &data);
        if (error)
            return error;
        if (data != hole)
            return (int64_t)MAX(at, number * block);
    }
    return hole ? (int64_t)size : -ENXIO;
}
