/*
 * Inodes: reading and writing one, what stat says of it, its length, and its end. An inode without a
 * name that is still open stands in a list on the disk, so that a power cut does not leave it behind
 * (the orphans of ext3 and ext4: the next one's number lies where the time of deletion comes later).
 */
#include <ext2fs/ext2fsP.h>
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/ext/ext.h"

#define EPOCH_BITS  2  /* of the extra field are seconds beyond 32 bits, the rest nanoseconds */
#define EXTRA_TIMES 16 /* bytes of the extra part that hold these fields */

int
ext_inode_read(struct ext *e, ext2_ino_t number, struct ext_inode *inode)
{
    memset(&inode->raw, 0, sizeof(inode->raw));
    inode->number = number;
    return ext_error(
        ext2fs_read_inode_full(e->fs, number, ext_short(inode), sizeof(inode->raw)));
}

int
ext_inode_write(struct ext *e, struct ext_inode *inode)
{
    size_t size = MIN(sizeof(inode->raw), (size_t)EXT2_INODE_SIZE(e->fs->super));

    return ext_error(
        ext2fs_write_inode_full(e->fs, inode->number, ext_short(inode), (int)size));
}

/* ---- times ---- */

static bool
has_extra_times(struct ext *e, const struct ext_inode *inode)
{
    return EXT2_INODE_SIZE(e->fs->super) > EXT2_GOOD_OLD_INODE_SIZE &&
           inode->raw.i_extra_isize >= EXTRA_TIMES;
}

static struct file_time
time_of(uint32_t low, uint32_t extra)
{
    int64_t sec = (int32_t)low + ((int64_t)(extra & (BIT(EPOCH_BITS) - 1)) << 32);

    return (struct file_time){sec, extra >> EPOCH_BITS};
}

static void
put_time(uint32_t *low, uint32_t *extra, struct file_time time)
{
    *low = (uint32_t)time.sec;
    if (extra)
        *extra = (uint32_t)(((time.sec - (int32_t)*low) >> 32) & (BIT(EPOCH_BITS) - 1)) |
                 time.nsec << EPOCH_BITS;
}

void
ext_inode_set_time(struct ext *e, struct ext_inode *inode, unsigned which,
                   struct file_time time)
{
    struct ext2_inode_large *raw = &inode->raw;
    bool extra = has_extra_times(e, inode);

    if (which & EXT_ATIME)
        put_time(&raw->i_atime, extra ? &raw->i_atime_extra : NULL, time);
    if (which & EXT_MTIME)
        put_time(&raw->i_mtime, extra ? &raw->i_mtime_extra : NULL, time);
    if (which & EXT_CTIME)
        put_time(&raw->i_ctime, extra ? &raw->i_ctime_extra : NULL, time);
}

/* ---- asking and setting ---- */

void
ext_inode_stat(struct ext *e, struct ext_inode *inode, struct file_stat *out)
{
    const struct ext2_inode_large *raw = &inode->raw;
    bool extra = has_extra_times(e, inode);

    *out = (struct file_stat){
        .mode = raw->i_mode,
        .size = EXT2_I_SIZE(raw),
        .inode = inode->number,
        .device = e->mount.id,
        .links = raw->i_links_count,
        .uid = inode_uid(*raw),
        .gid = inode_gid(*raw),
        .blocks = ext2fs_inode_i_blocks(e->fs, ext_short(inode)),
        .atime = time_of(raw->i_atime, extra ? raw->i_atime_extra : 0),
        .mtime = time_of(raw->i_mtime, extra ? raw->i_mtime_extra : 0),
        .ctime = time_of(raw->i_ctime, extra ? raw->i_ctime_extra : 0),
    };
}

static void
set_owner(struct ext2_inode_large *raw, const struct file_change *change)
{
    if (change->set & FILE_SET_UID) {
        raw->i_uid = (uint16_t)change->uid;
        ext2fs_set_i_uid_high(*raw, change->uid >> 16);
    }
    if (change->set & FILE_SET_GID) {
        raw->i_gid = (uint16_t)change->gid;
        ext2fs_set_i_gid_high(*raw, change->gid >> 16);
    }
}

int
ext_inode_change(struct ext *e, ext2_ino_t number, const struct file_change *change)
{
    struct ext_inode inode;
    int error = ext_inode_read(e, number, &inode);

    if (error)
        return error;
    if (change->set & FILE_SET_MODE)
        inode.raw.i_mode = (uint16_t)((inode.raw.i_mode & FS_S_IFMT) | (change->mode & 07777));
    set_owner(&inode.raw, change);
    if (change->set & FILE_SET_ATIME)
        ext_inode_set_time(e, &inode, EXT_ATIME, change->atime);
    if (change->set & FILE_SET_MTIME)
        ext_inode_set_time(e, &inode, EXT_MTIME, change->mtime);
    ext_inode_set_time(e, &inode, EXT_CTIME, fs_now());
    return ext_inode_write(e, &inode);
}

/* ---- length ---- */

/* Make zero what lies in the last block behind the new end. */
static int
clear_tail(struct ext *e, struct ext_inode *inode, uint64_t size)
{
    uint32_t block_size = e->fs->blocksize, offset = (uint32_t)(size % block_size);
    blk64_t block;
    int flags;

    if (!offset)
        return 0;
    int error = ext_error(ext2fs_bmap2(e->fs, inode->number, ext_short(inode), NULL, 0,
                                       size / block_size, &flags, &block));
    if (error || !block || (flags & BMAP_RET_UNINIT))
        return error;
    char *zeroes = kmalloc(block_size);
    if (!zeroes)
        return -ENOMEM;
    error = ext_cache_write(&e->cache, block * block_size + offset, zeroes, block_size - offset,
                            true);
    kfree(zeroes);
    return error;
}

static int
punch_from(struct ext *e, struct ext_inode *inode, uint64_t size)
{
    uint64_t first = (size + e->fs->blocksize - 1) / e->fs->blocksize;

    if (!ext2fs_inode_has_valid_blocks2(e->fs, ext_short(inode)))
        return 0;
    return ext_error(
        ext2fs_punch(e->fs, inode->number, ext_short(inode), NULL, first, ~(blk64_t)0));
}

int
ext_inode_resize(struct ext *e, struct ext_inode *inode, uint64_t size)
{
    int error = 0;

    if (size > EXT2_I_SIZE(&inode->raw) &&
        ext2fs_file_block_offset_too_big(e->fs, ext_short(inode),
                                         (size - 1) / e->fs->blocksize))
        return -EFBIG;
    if (size < EXT2_I_SIZE(&inode->raw)) {
        error = clear_tail(e, inode, size);
        if (!error)
            error = punch_from(e, inode, size);
    }
    if (!error)
        error = ext_error(ext2fs_inode_size_set(e->fs, ext_short(inode), (ext2_off64_t)size));
    if (error)
        return error;
    ext_inode_set_time(e, inode, EXT_MTIME | EXT_CTIME, fs_now());
    return ext_inode_write(e, inode);
}

/* ---- the end ---- */

int
ext_inode_free(struct ext *e, struct ext_inode *inode)
{
    bool directory = LINUX_S_ISDIR(inode->raw.i_mode);
    int error = ext_error(ext2fs_free_ext_attr(e->fs, inode->number, &inode->raw));

    if (!error)
        error = punch_from(e, inode, 0);
    if (error)
        return error;
    inode->raw.i_links_count = 0;
    inode->raw.i_dtime = (uint32_t)fs_now().sec;
    error = ext_inode_write(e, inode);
    if (!error)
        ext_space_inode(e, inode->number, -1, directory);
    return error;
}

int
ext_orphan_add(struct ext *e, struct ext_inode *inode)
{
    inode->raw.i_dtime = e->fs->super->s_last_orphan;
    int error = ext_inode_write(e, inode);
    if (error)
        return error;
    e->fs->super->s_last_orphan = inode->number;
    ext2fs_mark_super_dirty(e->fs);
    return 0;
}

int
ext_orphan_remove(struct ext *e, ext2_ino_t number)
{
    struct ext_inode inode, before;
    ext2_ino_t at = e->fs->super->s_last_orphan, next;
    int error = ext_inode_read(e, number, &inode);

    if (error)
        return error;
    next = inode.raw.i_dtime;
    if (at == number) {
        e->fs->super->s_last_orphan = next;
        ext2fs_mark_super_dirty(e->fs);
        return 0;
    }
    for (uint32_t left = e->fs->super->s_inodes_count; at && left > 0; left--) {
        error = ext_inode_read(e, at, &before);
        if (error)
            return error;
        if (before.raw.i_dtime == number) {
            before.raw.i_dtime = next;
            return ext_inode_write(e, &before);
        }
        at = before.raw.i_dtime;
    }
    return 0;
}

/* One that has links was being cut to its size. */
static int
finish_orphan(struct ext *e, struct ext_inode *inode)
{
    if (!inode->raw.i_links_count)
        return ext_inode_free(e, inode);
    inode->raw.i_dtime = 0;
    int error = punch_from(e, inode, EXT2_I_SIZE(&inode->raw));
    return error ? error : ext_inode_write(e, inode);
}

int
ext_orphans_free(struct ext *e)
{
    struct ext_inode inode;
    uint32_t left = e->fs->super->s_inodes_count;
    int error = 0;

    while (!error && e->fs->super->s_last_orphan && left-- > 0) {
        error = ext_inode_read(e, e->fs->super->s_last_orphan, &inode);
        if (error)
            break;
        e->fs->super->s_last_orphan = inode.raw.i_dtime;
        ext2fs_mark_super_dirty(e->fs);
        error = finish_orphan(e, &inode);
    }
    return error;
}
