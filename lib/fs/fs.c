/*
 * The table of mounts, and opening and asking through it. Relies on path.c for canonical
 * paths and on each file system for what lies below its own mount.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/fs.h"

static struct fs_mount *mounts; /* the longest `where` first */

int
fs_mount(struct fs_mount *mount)
{
    size_t len = strlen(mount->where);
    struct fs_mount **at = &mounts;
    static unsigned last_id;

    while (*at && strlen((*at)->where) >= len) {
        if (strcmp((*at)->where, mount->where) == 0)
            return -EBUSY;
        at = &(*at)->next;
    }
    mount->id = ++last_id;
    mount->next = *at;
    *at = mount;
    return 0;
}

struct fs_mount *
fs_find(const char *canonical, const char **rest)
{
    for (struct fs_mount *mount = mounts; mount; mount = mount->next) {
        size_t len = strlen(mount->where);
        if (len == 1)
            len = 0; /* "/" is in front of every path */
        if (strncmp(canonical, mount->where, len) != 0)
            continue;
        if (canonical[len] == '/')
            len++;
        else if (canonical[len] != '\0')
            continue; /* "/devil" is not below "/dev" */
        *rest = canonical + len;
        return mount;
    }
    return NULL;
}

/* A folder that is there because something is mounted below it, whatever else there is. */
static bool
leads_to_mount(const char *canonical)
{
    size_t len = strlen(canonical);

    for (struct fs_mount *mount = mounts; mount; mount = mount->next)
        if (strncmp(mount->where, canonical, len) == 0 && mount->where[len] == '/')
            return true;
    return false;
}

int
fs_stat_canonical(const char *canonical, struct file_stat *out)
{
    const char *rest;
    struct fs_mount *mount = fs_find(canonical, &rest);
    int error = mount ? mount->type->stat(mount, rest, out) : -ENOENT;

    if (error != -ENOENT || !leads_to_mount(canonical))
        return error;
    *out = (struct file_stat){.mode = FS_S_IFDIR | 0555, .links = 2};
    return 0;
}

int
fs_stat(const char *base, const char *path, bool follow, struct file_stat *out)
{
    char canonical[FS_PATH_MAX];
    int error = fs_resolve(base, path, follow, canonical);

    return error ? error : fs_stat_canonical(canonical, out);
}

/* What the flags of open say against what fs_stat found; 0 if they agree. */
static int
open_allowed(int found, const struct file_stat *st, unsigned flags)
{
    bool writes = (flags & FILE_O_ACCMODE) != FILE_O_RDONLY || (flags & FILE_O_TRUNC);

    /* Nothing here can make a file, so what is missing stays missing. */
    if (found == -ENOENT && (flags & FILE_O_CREAT))
        return -EROFS;
    if (found)
        return found;
    if ((flags & FILE_O_CREAT) && (flags & FILE_O_EXCL))
        return -EEXIST;
    if ((st->mode & FS_S_IFMT) == FS_S_IFLNK)
        return flags & FILE_O_DIRECTORY ? -ENOTDIR : -ELOOP;
    if ((st->mode & FS_S_IFMT) == FS_S_IFDIR)
        return writes || (flags & FILE_O_CREAT) ? -EISDIR : 0;
    return flags & FILE_O_DIRECTORY ? -ENOTDIR : 0;
}

int
fs_open(const char *base, const char *path, unsigned flags, struct file **out)
{
    char canonical[FS_PATH_MAX];
    const char *rest;
    struct file_stat st;
    bool follow = !(flags & FILE_O_NOFOLLOW) &&
                  (flags & (FILE_O_CREAT | FILE_O_EXCL)) != (FILE_O_CREAT | FILE_O_EXCL);
    int error = fs_resolve(base, path, follow, canonical);
    struct file *file;

    if (error)
        return error;
    error = open_allowed(fs_stat_canonical(canonical, &st), &st, flags);
    if (error)
        return error;
    struct fs_mount *mount = fs_find(canonical, &rest);
    if (!mount)
        return -ENOENT; /* a folder that only leads to a mount */
    error = mount->type->open(mount, rest, flags, &file);
    if (error)
        return error;
    if (file->ops->getdents) {
        file->path = kstrdup(canonical);
        if (!file->path) {
            file_release(file);
            return -ENOMEM;
        }
    }
    *out = file;
    return 0;
}

/* struct linux_dirent64, of which d_name starts at byte 19. */
struct entry_head {
    uint64_t inode;
    uint64_t next;
    uint16_t record;
    uint8_t type;
} __attribute__((packed));

size_t
fs_put_entry(void *to, size_t size, size_t used, uint64_t inode, uint64_t next, uint32_t mode,
             const char *name, size_t name_len)
{
    size_t record = (sizeof(struct entry_head) + name_len + 1 + 7) & ~(size_t)7;
    struct entry_head head = {
        .inode = inode,
        .next = next,
        .record = (uint16_t)record,
        .type = (uint8_t)((mode & FS_S_IFMT) >> 12), /* DT_* are the S_IF* shifted */
    };
    char *at = (char *)to + used;

    if (record > size - used)
        return 0;
    memset(at, 0, record);
    memcpy(at, &head, sizeof(head));
    memcpy(at + sizeof(head), name, name_len);
    return record;
}
