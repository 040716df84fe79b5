/*
 * A disk with ext2 or ext4 as a mount, from the first look at it to the clean end. What is not whole
 * is not touched: a file system with errors, one without a journal that was not unmounted, or one whose
 * journal holds what only e2fsck can replay, is refused with a line that says so; one with features
 * that nothing here keeps right can be read only.
 */
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/ext/ext.h"

#define SUPER_AT    1024
#define MAGIC_AT    0x438
#define CACHE_SHARE 8           /* of free memory at the mount */
#define CACHE_MAX   (64u << 20) /* bytes */
#define COMMIT_AFTER \
    (5 * NSEC_PER_SEC)  /* what nobody syncs is committed then, by the next change */
#define SPARE_BLOCKS 64 /* what one change may need, for its names and maps */
#define CHECK        "check it with e2fsck -fy"

/* What is kept right when something is written. */
#define INCOMPAT_WRITTEN                                              \
    (EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_RECOVER | \
     EXT2_FEATURE_INCOMPAT_META_BG | EXT3_FEATURE_INCOMPAT_EXTENTS |  \
     EXT4_FEATURE_INCOMPAT_64BIT | EXT4_FEATURE_INCOMPAT_FLEX_BG |    \
     EXT4_FEATURE_INCOMPAT_CSUM_SEED | EXT4_FEATURE_INCOMPAT_LARGEDIR)
#define RO_COMPAT_WRITTEN                                                      \
    (EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE | \
     EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_GDT_CSUM |      \
     EXT4_FEATURE_RO_COMPAT_DIR_NLINK | EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE |   \
     EXT4_FEATURE_RO_COMPAT_METADATA_CSUM)

const char ringlet_ext[1];

/* ---- the lock ---- */

void
ext_enter(struct ext *e)
{
    while (e->held)
        wait_on(&e->free, TIME_NEVER);
    e->held = true;
}

void
ext_leave(struct ext *e)
{
    e->held = false;
    wake_one(&e->free);
}

int
ext_enter_change(struct ext *e)
{
    ext_enter(e);
    int error = e->read_only || e->failed ? -EROFS : 0;
    if (!error)
        e->fs->now = fs_now().sec;
    if (!error && e->nr_freed &&
        ext2fs_free_blocks_count(e->fs->super) < e->nr_freed + SPARE_BLOCKS)
        error = ext_commit(e);
    if (error)
        ext_leave(e);
    return error;
}

int
ext_leave_change(struct ext *e, int error)
{
    size_t many = e->cache.limit / 2;

    if (e->journal.where)
        many = MIN(many, (size_t)(e->journal.blocks - e->journal.first) / 2);
    if (e->cache.nr_meta > many || clock_now() > e->committed + COMMIT_AFTER) {
        int failed = ext_commit(e);
        error = error ? error : failed;
    }
    ext_leave(e);
    return error;
}

/* ---- the type ---- */

static int
ext_stat_path(struct fs_mount *mount, const char *path, struct file_stat *out)
{
    struct ext *e = to_ext(mount);
    struct ext_inode inode;
    ext2_ino_t number;

    ext_enter(e);
    int error = ext_find(e, path, &number);
    if (!error)
        error = ext_inode_read(e, number, &inode);
    if (!error)
        ext_inode_stat(e, &inode, out);
    ext_leave(e);
    return error;
}

/* Short targets lie in the inode itself. */
static long
readlink_entered(struct ext *e, const char *path, char *to, size_t size)
{
    struct ext_inode inode;
    ext2_ino_t number;
    blk64_t block;
    int error = ext_find(e, path, &number);

    if (!error)
        error = ext_inode_read(e, number, &inode);
    if (error)
        return error;
    if (!LINUX_S_ISLNK(inode.raw.i_mode))
        return -EINVAL;
    size = (size_t)MIN((uint64_t)size, EXT2_I_SIZE(&inode.raw));
    if (ext2fs_is_fast_symlink(ext_short(&inode))) {
        memcpy(to, inode.raw.i_block, MIN(size, sizeof(inode.raw.i_block)));
        return (long)size;
    }
    error = ext_error(ext2fs_bmap2(e->fs, number, ext_short(&inode), NULL, 0, 0, NULL, &block));
    if (!error)
        error = ext_cache_read(&e->cache, block * e->fs->blocksize, to,
                               MIN(size, (size_t)e->fs->blocksize));
    return error ? error : (long)size;
}

static long
ext_readlink(struct fs_mount *mount, const char *path, char *to, size_t size)
{
    struct ext *e = to_ext(mount);

    ext_enter(e);
    long result = readlink_entered(e, path, to, size);
    ext_leave(e);
    return result;
}

static void
ext_room(struct fs_mount *mount, struct fs_room *out)
{
    const struct ext *e = to_ext(mount);
    struct ext2_super_block *super = e->fs->super;

    *out = (struct fs_room){
        .magic = EXT2_SUPER_MAGIC,
        .block_size = e->fs->blocksize,
        .blocks = ext2fs_blocks_count(super),
        .blocks_free = ext2fs_free_blocks_count(super),
        .files = super->s_inodes_count,
        .files_free = super->s_free_inodes_count,
    };
}

static int
ext_sync_mount(struct fs_mount *mount)
{
    struct ext *e = to_ext(mount);

    ext_enter(e);
    int error = ext_commit(e);
    ext_leave(e);
    return error;
}

static const struct fs_type ext_type = {
    .name = "ext",
    .open = ext_open,
    .stat = ext_stat_path,
    .readlink = ext_readlink,
    .changes = &ext_changes,
    .room = ext_room,
    .sync = ext_sync_mount,
};

static const struct fs_type ext_type_read_only = {
    .name = "ext",
    .read_only = true,
    .open = ext_open,
    .stat = ext_stat_path,
    .readlink = ext_readlink,
    .room = ext_room,
};

/* ---- beginning ---- */

static int
open_fs(struct ext *e)
{
    int flags = EXT2_FLAG_64BITS | EXT2_FLAG_SKIP_MMP | (e->read_only ? 0 : EXT2_FLAG_RW);

    ext_channel_cache = &e->cache;
    int error = ext_error(ext2fs_open2(e->disk->name, NULL, flags, 0, 0, &ext_manager, &e->fs));
    if (error)
        return error;
    e->fs->priv_data = e;
    return 0;
}

static void
close_fs(struct ext *e)
{
    ext_space_close(e);
    ext_journal_close(e);
    if (e->fs)
        ext2fs_free(e->fs);
    e->fs = NULL;
}

/* Whether it is whole and what can be done with it; a line says why not. */
static int
judge(struct ext *e)
{
    struct ext2_super_block *super = e->fs->super;
    const char *name = e->disk->name;

    if (ext2fs_blocks_count(super) > e->cache.blocks) {
        log_error("ext: the file system on %s is larger than the disk", name);
        return -EINVAL;
    }
    if (super->s_state & EXT2_ERROR_FS) {
        log_error("ext: %s has errors: " CHECK, name);
        return -EINVAL;
    }
    if (!(super->s_state & EXT2_VALID_FS) && !ext2fs_has_feature_journal(super)) {
        log_error("ext: %s was not unmounted, and has no journal: " CHECK, name);
        return -EINVAL;
    }
    uint32_t incompat = super->s_feature_incompat & ~(uint32_t)INCOMPAT_WRITTEN;
    uint32_t ro_compat = super->s_feature_ro_compat & ~(uint32_t)RO_COMPAT_WRITTEN;
    if (!e->read_only && (incompat || ro_compat)) {
        log_warn("ext: %s has features (%x, %x) that cannot be written here: it is read-only",
                 name, incompat, ro_compat);
        e->read_only = true;
    }
    return 0;
}

/* The file system says on the disk that it is in use. */
static int
begin(struct ext *e)
{
    struct ext2_super_block *super = e->fs->super;
    int error = ext_space_open(e);

    if (error)
        return error;
    e->fs->now = fs_now().sec;
    if (e->journal.where)
        ext2fs_set_feature_journal_needs_recovery(super);
    else
        super->s_state &= (uint16_t)~EXT2_VALID_FS;
    super->s_mtime = (uint32_t)e->fs->now;
    super->s_mnt_count++;
    ext2fs_mark_super_dirty(e->fs);
    error = ext_error(ext_space_write(e));
    if (!error)
        error = ext_cache_write_meta(&e->cache);
    if (!error && e->disk->can_flush)
        error = disk_flush(e->disk);
    return error ? error : ext_orphans_free(e);
}

static int
open_whole(struct ext *e)
{
    bool replayed;
    int error = open_fs(e);

    if (!error)
        error = judge(e);
    if (!error)
        error = ext_journal_open(e, &replayed);
    if (error == -ENOTSUP)
        log_error("ext: the journal of %s holds changes that only Linux can replay: " CHECK,
                  e->disk->name);
    if (!error && replayed) {
        log_info("ext: %s was not unmounted: its journal has been replayed", e->disk->name);
        close_fs(e);
        error = open_fs(e);
        if (!error)
            error = ext_journal_open(e, &replayed);
    }
    return error || e->read_only ? error : begin(e);
}

/* What the disk says is the size of a block; 0 if that cannot be. */
static uint32_t
block_size_of(struct disk_device *disk)
{
    struct ext2_super_block super;

    if (fs_disk_bytes(disk, DISK_READ, SUPER_AT, &super, sizeof(super)) ||
        super.s_log_block_size > EXT2_MAX_BLOCK_LOG_SIZE - EXT2_MIN_BLOCK_LOG_SIZE)
        return 0;
    return EXT2_BLOCK_SIZE(&super);
}

static int
open_ext(struct ext *e)
{
    struct memory_info memory;
    uint32_t block_size = block_size_of(e->disk);

    if (!block_size)
        return -EIO;
    memory_info(&memory);
    int error = ext_cache_open(&e->cache, e->disk, block_size,
                               MIN(memory.free / CACHE_SHARE, (size_t)CACHE_MAX));
    if (error)
        return error;
    error = open_whole(e);
    if (!error)
        error = fs_mount(&e->mount);
    if (!error)
        return 0;
    close_fs(e);
    ext_cache_close(&e->cache);
    return error;
}

static struct ext *mounted; /* by `next` */

static int
ext_mount(struct disk_device *disk, const char *where, bool read_only)
{
    struct ext *e = kmalloc(sizeof(*e));

    if (!e)
        return -ENOMEM;
    e->disk = disk;
    e->read_only = read_only || disk->read_only;
    e->mount.where = where;
    list_init(&e->nodes);
    wait_queue_init(&e->free);
    e->committed = clock_now();
    int error = open_ext(e);
    if (error) {
        kfree(e);
        return error;
    }
    e->mount.type = e->read_only ? &ext_type_read_only : &ext_type;
    e->next = mounted;
    mounted = e;
    log_info("ext on %s: %u MiB, mounted on %s%s", disk->name,
             (unsigned)(ext2fs_blocks_count(e->fs->super) * e->fs->blocksize >> 20), where,
             e->read_only ? ", read-only" : "");
    return 0;
}

static int
ext_probe(struct disk_device *disk)
{
    uint16_t magic = 0;
    int error = disk->capacity * DISK_SECTOR < MAGIC_AT + sizeof(magic)
                    ? 0
                    : fs_disk_bytes(disk, DISK_READ, MAGIC_AT, &magic, sizeof(magic));

    return error ? error : magic == EXT2_SUPER_MAGIC;
}

static const struct fs_kind ext_kind = {.name = "ext", .probe = ext_probe, .mount = ext_mount};
ENLIST(fs_kinds, ext_kind);

/* ---- the end ---- */

/* Files without a name go with those that have them open. */
static int
finish(struct ext *e)
{
    int error = ext_orphans_free(e);

    if (!error)
        error = ext_commit(e);
    if (!error)
        error = ext_journal_finish(e);
    if (error)
        return error;
    if (e->journal.where)
        ext2fs_clear_feature_journal_needs_recovery(e->fs->super);
    else
        e->fs->super->s_state |= EXT2_VALID_FS;
    ext2fs_mark_super_dirty(e->fs);
    error = ext_error(ext_space_write(e));
    if (!error)
        error = ext_cache_write_meta(&e->cache);
    return error || !e->disk->can_flush ? error : disk_flush(e->disk);
}

/* Other threads may still run: what they change from now on gets -EROFS. */
static void
unmount_all(void)
{
    for (struct ext *e = mounted; e; e = e->next) {
        ext_enter(e);
        e->fs->now = fs_now().sec;
        int error = e->read_only || e->failed ? 0 : finish(e);
        if (error)
            log_error("ext: %s could not be unmounted (error %d): " CHECK, e->disk->name,
                      -error);
        e->read_only = true;
        ext_leave(e);
    }
}

static const struct leave_hook ext_leave_hook = {.run = unmount_all};
ENLIST(leave, ext_leave_hook);
