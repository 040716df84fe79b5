/*
 * /dev: the few devices that C programs expect by name, and every disk as a file of bytes.
 * Relies on kernel/device.h; the names of disks are the kernel's (vda, vdb...). What names
 * descriptors is dev_fd.c's.
 */
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/list.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/calls.h"
#include "lib/fs/dev_fd.h"
#include "lib/fs/fs.h"
#include "lib/libc/random.h"
#include "lib/libc/tty.h"

DEVICE_CLASS_USED(disk);

#define RANDOM_CHUNK 4096 /* most bytes of one read, so that the file cannot hog the source */

struct dev_file {
    struct file file;
    struct disk_device *disk; /* of disks */
    uint64_t inode;
    uint32_t mode;
};

static struct dev_file *
to_dev_file(struct file *file)
{
    return container_of(file, struct dev_file, file);
}

static void
dev_close(struct file *file)
{
    kfree(to_dev_file(file));
}

static int
dev_file_stat(struct file *file, struct file_stat *out)
{
    const struct dev_file *f = to_dev_file(file);

    *out = (struct file_stat){
        .mode = f->mode, .inode = f->inode, .device = fs_dev_mount.id, .links = 1};
    if (f->disk)
        out->size = f->disk->capacity * DISK_SECTOR;
    return 0;
}

/* ---- the simple ones ---- */

static long
null_read(struct file *file, void *to, size_t len)
{
    (void)file, (void)to, (void)len;
    return 0;
}

static long
swallow(struct file *file, const void *from, size_t len)
{
    (void)file, (void)from;
    return (long)MIN(len, (size_t)INT32_MAX);
}

static long
zero_read(struct file *file, void *to, size_t len)
{
    (void)file;
    len = MIN(len, (size_t)INT32_MAX);
    memset(to, 0, len);
    return (long)len;
}

static long
random_read(struct file *file, void *to, size_t len)
{
    len = MIN(len, (size_t)RANDOM_CHUNK);
    int error = len ? random_fill(to, len, !(file->flags & FILE_O_NONBLOCK)) : 0;
    return error ? error : (long)len;
}

/* There is never room. */
static long
full_write(struct file *file, const void *from, size_t len, uint64_t at)
{
    (void)file, (void)from, (void)at;
    return len ? -ENOSPC : 0;
}

static long
null_pread(struct file *file, void *to, size_t len, uint64_t at)
{
    (void)at;
    return null_read(file, to, len);
}

static long
zero_pread(struct file *file, void *to, size_t len, uint64_t at)
{
    (void)at;
    return zero_read(file, to, len);
}

static long
swallow_at(struct file *file, const void *from, size_t len, uint64_t at)
{
    (void)at;
    return swallow(file, from, len);
}

static long
random_pread(struct file *file, void *to, size_t len, uint64_t at)
{
    (void)at;
    return random_read(file, to, len);
}

static const struct file_ops null_ops = {
    .kind = "null",
    .pread = null_pread,
    .pwrite = swallow_at,
    .nowhere = true,
    .stat = dev_file_stat,
    .close = dev_close,
};

static const struct file_ops zero_ops = {
    .kind = "zero",
    .pread = zero_pread,
    .pwrite = swallow_at,
    .nowhere = true,
    .stat = dev_file_stat,
    .close = dev_close,
};

static const struct file_ops full_ops = {
    .kind = "full",
    .pread = zero_pread,
    .pwrite = full_write,
    .nowhere = true,
    .stat = dev_file_stat,
    .close = dev_close,
};

static const struct file_ops random_ops = {
    .kind = "random",
    .pread = random_pread,
    .nowhere = true,
    .pwrite = swallow_at, /* what a program offers is not believed, and not refused */
    .stat = dev_file_stat,
    .close = dev_close,
};

/* ---- disks ---- */

/* What of `len` bytes at `at` the disk has. */
static size_t
clamp(const struct disk_device *disk, uint64_t at, size_t len)
{
    uint64_t size = disk->capacity * DISK_SECTOR;

    if (at >= size)
        return 0;
    return (size_t)MIN(MIN((uint64_t)len, size - at), (uint64_t)INT32_MAX);
}

static long
disk_pread(struct file *file, void *to, size_t len, uint64_t at)
{
    struct disk_device *disk = to_dev_file(file)->disk;

    len = clamp(disk, at, len);
    int error = fs_disk_bytes(disk, DISK_READ, at, to, len);
    return error ? error : (long)len;
}

static long
disk_pwrite(struct file *file, const void *from, size_t len, uint64_t at)
{
    struct disk_device *disk = to_dev_file(file)->disk;
    size_t fits = clamp(disk, at, len);

    if (disk->read_only)
        return -EROFS;
    if (len > 0 && fits == 0)
        return -ENOSPC;
    int error = fs_disk_bytes(disk, DISK_WRITE, at, (void *)(uintptr_t)from, fits);
    return error ? error : (long)fits;
}

static int
disk_sync(struct file *file)
{
    struct disk_device *disk = to_dev_file(file)->disk;

    return disk->can_flush && !disk->read_only ? disk_flush(disk) : 0;
}

static const struct file_storage disk_storage = {.sync = disk_sync};

static const struct file_ops disk_ops = {
    .kind = "disk",
    .pread = disk_pread,
    .pwrite = disk_pwrite,
    .stat = dev_file_stat,
    .storage = &disk_storage,
    .close = dev_close,
};

/* ---- the directories ---- */

static int
descriptors_path(struct file *file, char to[FILE_PATH_MAX])
{
    (void)file;
    return fs_path_below(&fs_dev_mount, "fd", to);
}

static const struct file_storage descriptors_storage = {
    .getdents = dev_fd_getdents,
    .path = descriptors_path,
};

static const struct file_ops descriptors_ops = {
    .kind = "descriptor directory",
    .pread = fs_directory_pread,
    .stat = dev_file_stat,
    .storage = &descriptors_storage,
    .close = dev_close,
};

/* NULL: the terminal's own file, of lib/libc, or a descriptor's. */
static const struct dev_entry {
    const char *name;
    const struct file_ops *ops;
} devices[] = {
    {"null", &null_ops},     {"zero", &zero_ops},      {"full", &full_ops},
    {"random", &random_ops}, {"urandom", &random_ops}, {"tty", NULL},
    {"console", NULL},       {"stdin", NULL},          {"stdout", NULL},
    {"stderr", NULL},        {"fd", &descriptors_ops},
};

/* Entry `i` of the directory: a device of the table, then the disks. False at the end. */
static bool
dev_entry(uint64_t i, const char **name, const struct file_ops **ops, struct disk_device **disk)
{
    struct disk_device *d = NULL;

    *disk = NULL;
    if (i < ARRAY_SIZE(devices)) {
        *name = devices[i].name;
        *ops = devices[i].ops;
        return true;
    }
    i -= ARRAY_SIZE(devices);
    while ((d = disk_next(d)) && i-- > 0)
        continue;
    if (!d)
        return false;
    *name = d->name;
    *ops = &disk_ops;
    *disk = d;
    return true;
}

static uint32_t
entry_mode(const struct file_ops *ops, const struct disk_device *disk)
{
    if (ops == &descriptors_ops)
        return FS_S_IFDIR | 0555;
    if (!disk)
        return FS_S_IFCHR | 0666;
    return FS_S_IFBLK | (disk->read_only ? 0400u : 0600u);
}

/* Positions 0 and 1 are "." and "..", then the entries; the inode is the position. */
static long
directory_getdents(struct file *file, void *to, size_t size)
{
    size_t used = 0;

    for (;;) {
        const struct file_ops *ops;
        struct disk_device *disk;
        uint64_t position = file->position;
        const char *name = position == 0 ? "." : "..";
        uint32_t mode = FS_S_IFDIR;
        if (position > 1) {
            if (!dev_entry(position - 2, &name, &ops, &disk))
                return (long)used;
            mode = entry_mode(ops, disk);
        }
        size_t record =
            fs_put_entry(to, size, used, position + 1, position + 1, mode, name, strlen(name));
        if (record == 0)
            return used ? (long)used : -EINVAL;
        used += record;
        file->position++;
    }
}

static int
directory_path(struct file *file, char to[FILE_PATH_MAX])
{
    (void)file;
    return fs_path_below(&fs_dev_mount, "", to);
}

static const struct file_storage directory_storage = {
    .getdents = directory_getdents,
    .path = directory_path,
};

static const struct file_ops directory_ops = {
    .kind = "device directory",
    .pread = fs_directory_pread,
    .stat = dev_file_stat,
    .storage = &directory_storage,
    .close = dev_close,
};

/* ---- the type ---- */

/* What a path names, as the dev_file that opening it would make. */
static int
look_up(const char *path, struct dev_file *out)
{
    const char *name;

    *out = (struct dev_file){.inode = 1, .mode = FS_S_IFDIR | 0755};
    out->file.ops = &directory_ops;
    if (!path[0])
        return 0;
    for (uint64_t i = 0; dev_entry(i, &name, &out->file.ops, &out->disk); i++) {
        if (strcmp(path, name) != 0)
            continue;
        out->inode = i + 3;
        out->mode = entry_mode(out->file.ops, out->disk);
        return 0;
    }
    return -ENOENT;
}

static int
dev_open(struct fs_mount *mount, const char *path, unsigned flags, struct file **out)
{
    struct dev_file found;
    int fd = dev_fd_of(path), error = fd < 0 ? look_up(path, &found) : 0;

    (void)mount;
    if (fd >= 0)
        return dev_fd_open(fd, flags, out);
    if (error)
        return error;
    if (!found.file.ops && console_raw && strcmp(path, "tty") == 0)
        return -ENXIO; /* no person is there */
    if (!found.file.ops) {
        *out = tty_file();
        file_hold(*out);
        return 0;
    }
    if (found.disk && found.disk->read_only && (flags & FILE_O_ACCMODE) != FILE_O_RDONLY)
        return -EROFS;
    struct dev_file *f = kmalloc(sizeof(*f));
    if (!f)
        return -ENOMEM;
    *f = found;
    f->file.flags = flags & FS_STATUS_FLAGS;
    f->file.refs = 1;
    *out = &f->file;
    return 0;
}

static int
dev_stat(struct fs_mount *mount, const char *path, struct file_stat *out)
{
    struct dev_file found;
    int fd = dev_fd_of(path);

    (void)mount;
    if (fd >= 0)
        return dev_fd_stat(fd, out);
    int error = look_up(path, &found);
    return error ? error : dev_file_stat(&found.file, out);
}

static const struct fs_type dev_type = {
    .name = "dev",
    .open = dev_open,
    .stat = dev_stat,
};

struct fs_mount fs_dev_mount = {.type = &dev_type, .where = "/dev"};
