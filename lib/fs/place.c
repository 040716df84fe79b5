/*
 * A file that knows of its canonical path and no more. Two things need one: a folder that is
 * there only because something is mounted below it ("/etc", where the network brings its
 * resolv.conf), and what O_PATH gives in trees that never change. It can be asked what it is, be
 * the directory that other paths start from, and list the mounts right below.
 */
#include "kernel/kernel.h"
#include "kernel/list.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/fs.h"

struct place {
    struct file file;
    char path[]; /* canonical */
};

static struct place *
to_place(struct file *file)
{
    return container_of(file, struct place, file);
}

static int
place_stat(struct file *file, struct file_stat *out)
{
    return fs_stat_canonical(to_place(file)->path, out);
}

static int
place_path(struct file *file, char to[FILE_PATH_MAX])
{
    memcpy(to, to_place(file)->path, strlen(to_place(file)->path) + 1);
    return 0;
}

static void
place_close(struct file *file)
{
    kfree(to_place(file));
}

/* The name of a mount that lies right in this folder; NULL if it does not. */
static const char *
name_in(const char *folder, const struct fs_mount *mount)
{
    size_t len = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
    const char *name = mount->where + len + 1;

    if (strncmp(mount->where, folder, len) != 0 || mount->where[len] != '/' || !*name)
        return NULL;
    return strchr(name, '/') ? NULL : name;
}

/* Positions: 0 is ".", 1 is "..", i + 2 the mount of place i in the table. */
static long
folder_getdents(struct file *file, void *to, size_t size)
{
    uint64_t at = 2;
    size_t used = 0;

    for (struct fs_mount *mount = NULL; file->position < 2 || (mount = fs_next(mount));) {
        const char *name = file->position == 0 ? "." : "..";
        struct file_stat st = {.mode = FS_S_IFDIR};
        if (file->position >= 2 && at++ < file->position)
            continue;
        uint64_t next = file->position + 1;
        if (mount) {
            name = name_in(to_place(file)->path, mount);
            if (!name) {
                file->position = next;
                continue;
            }
            (void)mount->type->stat(mount, "", &st);
        }
        size_t record = fs_put_entry(to, size, used, next, next, st.mode, name, strlen(name));
        if (record == 0)
            return used ? (long)used : -EINVAL;
        used += record;
        file->position = next;
    }
    return (long)used;
}

long
fs_no_pread(struct file *file, void *to, size_t len, uint64_t at)
{
    (void)file, (void)to, (void)len, (void)at;
    return -EBADF;
}

long
fs_no_pwrite(struct file *file, const void *from, size_t len, uint64_t at)
{
    (void)file, (void)from, (void)len, (void)at;
    return -EBADF;
}

static const struct file_storage folder_storage = {
    .getdents = folder_getdents,
    .path = place_path,
};

static const struct file_ops folder_ops = {
    .kind = "folder of mounts",
    .pread = fs_directory_pread,
    .stat = place_stat,
    .storage = &folder_storage,
    .close = place_close,
};

static const struct file_storage named_directory = {.path = place_path};

static const struct file_ops directory_ops = {
    .kind = "path of a directory",
    .pread = fs_no_pread,
    .pwrite = fs_no_pwrite,
    .stat = place_stat,
    .storage = &named_directory,
    .close = place_close,
};

static const struct file_ops other_ops = {
    .kind = "path",
    .pread = fs_no_pread,
    .pwrite = fs_no_pwrite,
    .stat = place_stat,
    .close = place_close,
};

int
fs_open_place(const char *canonical, unsigned flags, struct file **out)
{
    size_t size = strlen(canonical) + 1;
    struct place *place = kmalloc(sizeof(*place) + size);
    struct file_stat st;

    if (!place)
        return -ENOMEM;
    memcpy(place->path, canonical, size);
    int error = fs_stat_canonical(canonical, &st);
    if (error) {
        kfree(place);
        return error;
    }
    bool directory = (st.mode & FS_S_IFMT) == FS_S_IFDIR;
    place->file.ops = !directory            ? &other_ops
                      : flags & FILE_O_PATH ? &directory_ops
                                            : &folder_ops;
    place->file.flags = flags & FS_STATUS_FLAGS;
    place->file.refs = 1;
    *out = &place->file;
    return 0;
}
