/*
 * Blocks and inodes as they are taken and given back. A block that was freed is not handed out
 * before the next commit: until then the medium may still show it as a part of what it was, and a
 * power cut would put somebody else's bytes there. And only those bitmaps are written that have changed.
 */
#include "kernel/string.h"
#include "lib/ext/ext.h"

static struct ext *
of(ext2_filsys fs)
{
    return fs->priv_data;
}

static errcode_t
take_block(ext2_filsys fs, blk64_t goal, blk64_t *out)
{
    return ext2fs_new_block2(fs, goal, of(fs)->busy, out);
}

static void
count_block(ext2_filsys fs, blk64_t block, int inuse)
{
    struct ext *e = of(fs);

    e->groups[ext2fs_group_of_blk2(fs, block)] |= EXT_GROUP_BLOCKS;
    if (inuse > 0) {
        ext2fs_mark_block_bitmap2(e->busy, block);
        return;
    }
    e->nr_freed++;
    ext_cache_forget(&e->cache, block);
}

void
ext_space_inode(struct ext *e, ext2_ino_t inode, int inuse, bool directory)
{
    ext2fs_inode_alloc_stats2(e->fs, inode, inuse, directory);
    e->groups[ext2fs_group_of_ino(e->fs, inode)] |= EXT_GROUP_INODES;
}

/* libext2fs also begins to use a bitmap when it looks for something there. */
static void
note_begun(struct ext *e, dgrp_t group)
{
    uint8_t *g = &e->groups[group];

    if ((*g & EXT_GROUP_BLOCKS_UNSET) &&
        !ext2fs_bg_flags_test(e->fs, group, EXT2_BG_BLOCK_UNINIT))
        *g = (uint8_t)((*g & ~EXT_GROUP_BLOCKS_UNSET) | EXT_GROUP_BLOCKS);
    if ((*g & EXT_GROUP_INODES_UNSET) &&
        !ext2fs_bg_flags_test(e->fs, group, EXT2_BG_INODE_UNINIT))
        *g = (uint8_t)((*g & ~EXT_GROUP_INODES_UNSET) | EXT_GROUP_INODES);
}

/* What lies behind the file system's last block counts as taken. */
static void
pad(ext2_filsys fs, char *bitmap)
{
    uint64_t rest = (ext2fs_blocks_count(fs->super) - fs->super->s_first_data_block) %
                    EXT2_BLOCKS_PER_GROUP(fs->super);

    for (uint64_t i = rest; rest && i < fs->blocksize * 8; i++)
        ext2fs_set_bit((unsigned)i, bitmap);
}

static errcode_t
write_block_bitmap(ext2_filsys fs, dgrp_t group, char *bitmap)
{
    unsigned count = EXT2_BLOCKS_PER_GROUP(fs->super);
    blk64_t first = fs->super->s_first_data_block + (blk64_t)group * count;

    memset(bitmap, 0xff, fs->blocksize);
    errcode_t error = ext2fs_get_block_bitmap_range2(fs->block_map, first, count, bitmap);
    if (error)
        return error;
    if (group == fs->group_desc_count - 1)
        pad(fs, bitmap);
    ext2fs_block_bitmap_csum_set(fs, group, bitmap, (int)count / 8);
    ext2fs_group_desc_csum_set(fs, group);
    return io_channel_write_blk64(fs->io, ext2fs_block_bitmap_loc(fs, group), 1, bitmap);
}

static errcode_t
write_inode_bitmap(ext2_filsys fs, dgrp_t group, char *bitmap)
{
    unsigned count = EXT2_INODES_PER_GROUP(fs->super);

    memset(bitmap, 0xff, fs->blocksize);
    errcode_t error = ext2fs_get_inode_bitmap_range2(fs->inode_map, (uint64_t)group * count + 1,
                                                     count, bitmap);
    if (error)
        return error;
    ext2fs_inode_bitmap_csum_set(fs, group, bitmap, (int)count / 8);
    ext2fs_group_desc_csum_set(fs, group);
    return io_channel_write_blk64(fs->io, ext2fs_inode_bitmap_loc(fs, group), 1, bitmap);
}

errcode_t
ext_space_write(struct ext *e)
{
    char *bitmap = kmalloc_raw(e->fs->blocksize);
    errcode_t error = bitmap ? 0 : EXT2_ET_NO_MEMORY;

    for (dgrp_t i = 0; !error && i < e->fs->group_desc_count; i++) {
        note_begun(e, i);
        if (e->groups[i] & EXT_GROUP_BLOCKS)
            error = write_block_bitmap(e->fs, i, bitmap);
        if (!error && (e->groups[i] & EXT_GROUP_INODES))
            error = write_inode_bitmap(e->fs, i, bitmap);
        if (!error)
            e->groups[i] &= EXT_GROUP_BLOCKS_UNSET | EXT_GROUP_INODES_UNSET;
    }
    kfree(bitmap);
    if (!error && (e->fs->flags & EXT2_FLAG_DIRTY))
        error = ext2fs_flush2(e->fs, EXT2_FLAG_FLUSH_NO_SYNC);
    return error;
}

void
ext_space_committed(struct ext *e)
{
    ext2fs_block_bitmap busy;

    if (!e->nr_freed || ext2fs_copy_bitmap(e->fs->block_map, &busy))
        return; /* without memory they stay where they are until there is some */
    ext2fs_free_block_bitmap(e->busy);
    e->busy = busy;
    e->nr_freed = 0;
}

int
ext_space_open(struct ext *e)
{
    ext2_filsys fs = e->fs;
    errcode_t error = ext2fs_read_bitmaps(fs);

    fs->write_bitmaps = NULL; /* which would write all of them */
    if (!error)
        error = ext2fs_copy_bitmap(fs->block_map, &e->busy);
    if (error)
        return ext_error(error);
    e->groups = kmalloc(fs->group_desc_count);
    if (!e->groups)
        return -ENOMEM;
    for (dgrp_t i = 0; i < fs->group_desc_count; i++)
        e->groups[i] = (uint8_t)((ext2fs_bg_flags_test(fs, i, EXT2_BG_BLOCK_UNINIT)
                                      ? EXT_GROUP_BLOCKS_UNSET
                                      : 0) |
                                 (ext2fs_bg_flags_test(fs, i, EXT2_BG_INODE_UNINIT)
                                      ? EXT_GROUP_INODES_UNSET
                                      : 0));
    fs->get_alloc_block = take_block;
    fs->block_alloc_stats = count_block;
    return 0;
}

void
ext_space_close(struct ext *e)
{
    if (e->busy)
        ext2fs_free_block_bitmap(e->busy);
    kfree(e->groups);
    e->busy = NULL;
    e->groups = NULL;
}
