/*
 * /proc: files that say how the machine and the program are. What one says is written down when it is
 * opened; its size is told as 0, as on Linux. /proc/self/fd has the descriptors, as /dev/fd does. Relies on
 * proc_text.c for what there is.
 */
#include "lib/fs/proc.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/dev_fd.h"

#define TEXT_MAX    4096
#define DESCRIPTORS "self/fd"

struct proc_open {
    struct file file;
    const char *name; /* of a folder */
    uint64_t inode;
    uint32_t mode;
    size_t len;
    char text[]; /* of a file */
};

static struct proc_open *
to_proc(struct file *file)
{
    return container_of(file, struct proc_open, file);
}

static void
proc_close(struct file *file)
{
    kfree(to_proc(file));
}

static void
fill_stat(struct file_stat *out, uint64_t inode, uint32_t mode)
{
    *out = (struct file_stat){
        .mode = mode, .inode = inode, .device = fs_proc_mount.id, .links = 1};
}

static int
proc_fstat(struct file *file, struct file_stat *out)
{
    fill_stat(out, to_proc(file)->inode, to_proc(file)->mode);
    return 0;
}

static long
proc_pread(struct file *file, void *to, size_t len, uint64_t at)
{
    const struct proc_open *f = to_proc(file);

    if (at >= f->len)
        return 0;
    len = MIN(len, f->len - (size_t)at);
    memcpy(to, f->text + at, len);
    return (long)len;
}

static const struct file_ops text_ops = {
    .kind = "text",
    .pread = proc_pread,
    .stat = proc_fstat,
    .close = proc_close,
};

/* ---- folders ---- */

/* What a path below the mount is called in `folder`, or NULL: it does not lie right in there. */
static const char *
name_in(const char *folder, const char *path)
{
    size_t len = strlen(folder);

    if (len && (strncmp(path, folder, len) != 0 || path[len] != '/'))
        return NULL;
    path += len ? len + 1 : 0;
    return strchr(path, '/') ? NULL : path;
}

/* Positions 0 and 1 are "." and "..", then all there is, of which most lie elsewhere. */
static long
folder_getdents(struct file *file, void *to, size_t size)
{
    const char *folder = to_proc(file)->name;
    size_t used = 0;

    if (strcmp(folder, DESCRIPTORS) == 0)
        return dev_fd_getdents(file, to, size);
    for (; file->position < proc_files_count + 2; file->position++) {
        uint64_t next = file->position + 1;
        const char *name = next == 1 ? "." : "..";
        uint32_t mode = FS_S_IFDIR;
        if (next > 2) {
            const struct proc_file *entry = &proc_files[next - 3];
            name = name_in(folder, entry->name);
            mode = entry->write ? FS_S_IFREG : FS_S_IFDIR;
        }
        if (!name)
            continue;
        size_t record = fs_put_entry(to, size, used, next, next, mode, name, strlen(name));
        if (record == 0)
            return used ? (long)used : -EINVAL;
        used += record;
    }
    return (long)used;
}

static int
folder_path(struct file *file, char to[FILE_PATH_MAX])
{
    return fs_path_below(&fs_proc_mount, to_proc(file)->name, to);
}

static const struct file_storage folder_storage = {
    .getdents = folder_getdents,
    .path = folder_path,
};

static const struct file_ops folder_ops = {
    .kind = "folder of /proc",
    .pread = fs_directory_pread,
    .stat = proc_fstat,
    .storage = &folder_storage,
    .close = proc_close,
};

/* ---- the type ---- */

/* -1: it names no descriptor. */
static int
descriptor_of(const char *path)
{
    return strncmp(path, "self/fd/", 8) == 0 ? dev_fd_of(path + 5) : -1;
}

struct entry {
    const char *name;
    void (*write)(struct proc_text *); /* NULL: it is a folder */
    uint64_t inode;
    uint32_t mode;
};

static int
look_up(const char *path, struct entry *out)
{
    *out = (struct entry){.name = "", .inode = 1};
    for (size_t i = 0; *path && i < proc_files_count; i++)
        if (strcmp(path, proc_files[i].name) == 0)
            *out = (struct entry){proc_files[i].name, proc_files[i].write, i + 3, 0};
    if (strcmp(path, out->name) != 0)
        return -ENOENT;
    out->mode = out->write ? FS_S_IFREG | 0444 : FS_S_IFDIR | 0555;
    return 0;
}

static int
proc_open(struct fs_mount *mount, const char *path, unsigned flags, struct file **out)
{
    int fd = descriptor_of(path);
    struct entry entry;

    (void)mount;
    if (fd >= 0)
        return dev_fd_open(fd, flags, out);
    int error = look_up(path, &entry);
    if (error)
        return error;
    if ((flags & FILE_O_ACCMODE) != FILE_O_RDONLY)
        return -EACCES;
    struct proc_open *f = kmalloc(sizeof(*f) + (entry.write ? TEXT_MAX : 0));
    if (!f)
        return -ENOMEM;
    f->file = (struct file){.ops = entry.write ? &text_ops : &folder_ops,
                            .refs = 1,
                            .flags = flags & FS_STATUS_FLAGS};
    f->name = entry.name;
    f->inode = entry.inode;
    f->mode = entry.mode;
    if (entry.write) {
        struct proc_text text = {.at = f->text, .size = TEXT_MAX};
        entry.write(&text);
        f->len = text.len;
    }
    *out = &f->file;
    return 0;
}

static int
proc_stat(struct fs_mount *mount, const char *path, struct file_stat *out)
{
    int fd = descriptor_of(path);
    struct entry entry;

    (void)mount;
    if (fd >= 0)
        return dev_fd_stat(fd, out);
    int error = look_up(path, &entry);
    if (!error)
        fill_stat(out, entry.inode, entry.mode);
    return error;
}

static const struct fs_type proc_type = {
    .name = "proc",
    .open = proc_open,
    .stat = proc_stat,
};

struct fs_mount fs_proc_mount = {.type = &proc_type, .where = "/proc"};
