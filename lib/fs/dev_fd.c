/*
 * Names for descriptors. Programs that take nothing but a file's name are given standard input this
 * way, and shells write their substitutions with it. Relies on the table of descriptors.
 */
#include "lib/fs/dev_fd.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lib/fs/fs.h"

int
dev_fd_of(const char *path)
{
    static const char *const standard[] = {"stdin", "stdout", "stderr"};
    uint64_t fd;

    for (int i = 0; i < (int)ARRAY_SIZE(standard); i++)
        if (strcmp(path, standard[i]) == 0)
            return i;
    if (strncmp(path, "fd/", 3) != 0 || parse_number(path + 3, INT32_MAX, &fd))
        return -1;
    return path[4] && (path[3] == '0' || path[4] == 'x')
               ? -1
               : (int)fd; /* a name has one spelling */
}

int
dev_fd_open(int fd, unsigned flags, struct file **out)
{
    struct file *file = fd_get(fd);

    if (!file)
        return -ENOENT;
    unsigned wanted = flags & FILE_O_ACCMODE, had = file->flags & FILE_O_ACCMODE;
    if (had != FILE_O_RDWR && wanted != had)
        return -EACCES;
    file_hold(file);
    *out = file;
    return 0;
}

int
dev_fd_stat(int fd, struct file_stat *out)
{
    struct file *file = fd_get(fd);

    if (!file)
        return -ENOENT;
    *out = (struct file_stat){.links = 1};
    return file->ops->stat ? file->ops->stat(file, out) : 0;
}

/* Positions 0 and 1 are "." and "..", then the descriptors. */
long
dev_fd_getdents(struct file *file, void *to, size_t size)
{
    size_t used = 0;

    for (; file->position < (uint64_t)fd_end() + 2; file->position++) {
        int fd = (int)file->position - 2;
        char name[12] = "..";
        size_t len = file->position + 1;

        if (fd >= 0 && !fd_get(fd))
            continue;
        if (fd >= 0)
            len = (size_t)ksnprintf(name, sizeof(name), "%d", fd);
        size_t record = fs_put_entry(to, size, used, file->position + 1, file->position + 1,
                                     fd < 0 ? FS_S_IFDIR : FS_S_IFLNK, name, len);
        if (record == 0)
            return used ? (long)used : -EINVAL;
        used += record;
    }
    return (long)used;
}
