/*
 * What a file is: statx, which the C library's stat family uses since its times have 64 bits,
 * and the older stat64 family, which it still uses inside itself (for mapped time zones and
 * temporary names) and which other C libraries use for all.
 */
#include "kernel/kernel.h"
#include "lib/fs/calls.h"
#include "lib/libc/syscall.h"

#define AT_NO_AUTOMOUNT    0x800
#define AT_STATX_SYNC_TYPE 0x6000

#define STATX_FLAGS (AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE)
#define STATX_BASIC 0x7ffu /* all that musl asks for */
#define BLOCK_SIZE  4096

const char fs_stat_linked[1];

struct statx_time {
    int64_t sec;
    uint32_t nsec;
    int32_t unused;
};

struct statx {
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, uid, gid;
    uint16_t mode, unused;
    uint64_t inode, size, blocks, attributes_mask;
    struct statx_time atime, btime, ctime, mtime;
    uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
    uint64_t spare[14];
};

_Static_assert(sizeof(struct statx) == 256, "Linux's statx has 256 bytes");

/* i386's, in which 64-bit members are aligned to 4 bytes. */
struct stat64 {
    uint64_t device;
    uint32_t unused, inode_low, mode, links, uid, gid;
    uint64_t rdev;
    uint32_t unused2;
    uint64_t size;
    uint32_t block_size;
    uint64_t blocks;
    uint32_t atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec;
    uint64_t inode;
} __attribute__((packed, aligned(4)));

_Static_assert(sizeof(struct stat64) == 96, "Linux's stat64 has 96 bytes on i386");

static int
stat_descriptor(int fd, struct file_stat *st)
{
    struct file *file = fd_get(fd);

    if (fd == AT_FDCWD)
        return fs_stat_at(AT_FDCWD, ".", true, st);
    if (!file)
        return -EBADF;
    file_hold(file);
    int error = file->ops->stat ? file->ops->stat(file, st) : -EINVAL;
    file_release(file);
    return error;
}

int
fs_stat_either(int dirfd, const char *path, int flags, struct file_stat *st)
{
    if (path && !path[0] && (flags & AT_EMPTY_PATH))
        return stat_descriptor(dirfd, st);
    return fs_stat_at(dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW), st);
}

static struct statx_time
to_statx(struct file_time time)
{
    return (struct statx_time){.sec = time.sec, .nsec = time.nsec};
}

/* Whatever the mask asks for, all is filled in. */
SYSCALL(383, statx, int dirfd, const char *path, int flags, UNUSED unsigned mask,
        struct statx *out)
{
    struct file_stat st = {0};

    if (flags & ~STATX_FLAGS)
        return -EINVAL;
    int error = fs_stat_either(dirfd, path, flags, &st);
    if (error)
        return error;
    *out = (struct statx){
        .mask = STATX_BASIC,
        .block_size = BLOCK_SIZE,
        .links = st.links,
        .uid = st.uid,
        .gid = st.gid,
        .mode = (uint16_t)st.mode,
        .inode = st.inode,
        .size = st.size,
        .blocks = st.blocks,
        .dev_minor = st.device,
        .atime = to_statx(st.atime),
        .ctime = to_statx(st.ctime),
        .mtime = to_statx(st.mtime),
    };
    return 0;
}

static long
fill64(int error, const struct file_stat *st, struct stat64 *out)
{
    if (error)
        return error;
    *out = (struct stat64){
        .device = st->device,
        .inode_low = (uint32_t)st->inode,
        .mode = st->mode,
        .links = st->links,
        .uid = st->uid,
        .gid = st->gid,
        .size = st->size,
        .block_size = BLOCK_SIZE,
        .blocks = st->blocks,
        .atime = (uint32_t)st->atime.sec,
        .atime_nsec = st->atime.nsec,
        .mtime = (uint32_t)st->mtime.sec,
        .mtime_nsec = st->mtime.nsec,
        .ctime = (uint32_t)st->ctime.sec,
        .ctime_nsec = st->ctime.nsec,
        .inode = st->inode,
    };
    return 0;
}

SYSCALL(195, stat64, const char *path, struct stat64 *out)
{
    struct file_stat st = {0};

    return fill64(fs_stat_at(AT_FDCWD, path, true, &st), &st, out);
}

SYSCALL(196, lstat64, const char *path, struct stat64 *out)
{
    struct file_stat st = {0};

    return fill64(fs_stat_at(AT_FDCWD, path, false, &st), &st, out);
}

SYSCALL(197, fstat64, int fd, struct stat64 *out)
{
    struct file_stat st = {0};

    return fill64(stat_descriptor(fd, &st), &st, out);
}

SYSCALL(300, fstatat64, int dirfd, const char *path, struct stat64 *out, int flags)
{
    struct file_stat st = {0};

    if (flags & ~STATX_FLAGS)
        return -EINVAL;
    return fill64(fs_stat_either(dirfd, path, flags, &st), &st, out);
}
