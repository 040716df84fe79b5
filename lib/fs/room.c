/*
 * How large a file system is and what is free of it: statfs, by which programs see before they
 * write, and tell what a path lies on.
 */
#include "kernel/kernel.h"
#include "lib/fs/calls.h"
#include "lib/libc/syscall.h"

#define READ_ONLY 1 /* of the flags; ST_RDONLY */
#define VALID     0x20

const char fs_room_linked[1];

/* musl's struct statfs. */
struct statfs {
    uint32_t type, block_size;
    uint64_t blocks, free, available, files, files_free;
    int32_t id[2];
    uint32_t name_max, fragment_size, flags, spare[4];
};

/* Of what lies on no mount, or on one that does not know, the numbers are 0. */
static long
put_statfs(size_t size, struct statfs *to, struct fs_mount *mount)
{
    struct fs_room room = {.block_size = 512};

    if (size != sizeof(*to))
        return -EINVAL;
    if (mount && mount->type->room)
        mount->type->room(mount, &room);
    *to = (struct statfs){
        .type = room.magic,
        .block_size = room.block_size,
        .blocks = room.blocks,
        .free = room.blocks_free,
        .available = room.blocks_free,
        .files = room.files,
        .files_free = room.files_free,
        .id = {mount ? (int32_t)mount->id : 0, 0},
        .fragment_size = room.block_size,
        .name_max = FS_NAME_MAX,
        .flags = VALID | (mount && mount->type->read_only ? READ_ONLY : 0),
    };
    return 0;
}

SYSCALL(269, fstatfs64, int fd, size_t size, struct statfs *to)
{
    struct file *file = fd_get(fd);
    struct file_stat st = {0};
    struct fs_mount *mount = NULL;

    if (!file)
        return -EBADF;
    int error = file->ops->stat ? file->ops->stat(file, &st) : 0;
    if (error)
        return error;
    while ((mount = fs_next(mount)) && mount->id != st.device)
        continue;
    return put_statfs(size, to, mount);
}

SYSCALL(268, statfs64, const char *path, size_t size, struct statfs *to)
{
    char canonical[FS_PATH_MAX];
    struct file_stat st;
    const char *rest;
    int error = fs_resolve_at(AT_FDCWD, path, true, canonical);

    if (!error)
        error = fs_stat_canonical(canonical, &st);
    return error ? error : put_statfs(size, to, fs_find(canonical, &rest));
}
