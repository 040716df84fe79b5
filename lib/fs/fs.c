/*
 * The table of mounts, and opening and asking through it. Relies on path.c for canonical
 * paths and on each file system for what lies below its own mount.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
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

/* `above`: a mount right there does not count. */
static struct fs_mount *
find(const char *canonical, const char **rest, bool above)
{
    for (struct fs_mount *mount = mounts; mount; mount = mount->next) {
        size_t len = strlen(mount->where);
        if (len == 1)
            len = 0; /* "/" is in front of every path */
        if (strncmp(canonical, mount->where, len) != 0)
            continue;
        if (canonical[len] == '/')
            len++;
        else if (canonical[len] != '\0' || above)
            continue; /* "/devil" is not below "/dev" */
        *rest = canonical + len;
        return mount;
    }
    return NULL;
}

struct fs_mount *
fs_find(const char *canonical, const char **rest)
{
    return find(canonical, rest, false);
}

struct fs_mount *
fs_find_above(const char *canonical, const char **rest)
{
    return find(canonical, rest, true);
}

struct fs_mount *
fs_next(struct fs_mount *after)
{
    return after ? after->next : mounts;
}

int
fs_path_below(const struct fs_mount *mount, const char *rest, char out[FS_PATH_MAX])
{
    size_t len = strlen(rest), before = strlen(mount->where);

    if (len == 0) {
        memcpy(out, mount->where, before + 1);
        return 0;
    }
    if (before == 1)
        before = 0; /* "/" */
    if (before + 1 + len >= FS_PATH_MAX)
        return -ENAMETOOLONG;
    memmove(out + before + 1, rest, len + 1);
    memcpy(out, mount->where, before);
    out[before] = '/';
    return 0;
}

struct file_time
fs_now(void)
{
    uint64_t now = platform->wall_base() + clock_now();

    return (struct file_time){(int64_t)(now / NSEC_PER_SEC), (uint32_t)(now % NSEC_PER_SEC)};
}

bool
fs_leads_to_mount(const char *canonical)
{
    size_t len = strcmp(canonical, "/") == 0 ? 0 : strlen(canonical);

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

    if (error != -ENOENT || !fs_leads_to_mount(canonical))
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

#define TMPFILE (FILE_O_TMPFILE | FILE_O_DIRECTORY)

/* What cannot go together, whatever the path names. */
static int
flags_allowed(unsigned flags)
{
    if ((flags & FILE_O_TMPFILE) && (flags & TMPFILE) != TMPFILE)
        return -EINVAL;
    if (flags & FILE_O_TMPFILE)
        return (flags & FILE_O_ACCMODE) == FILE_O_RDONLY || flags & FILE_O_CREAT ? -EINVAL : 0;
    return (flags & FILE_O_CREAT) && (flags & FILE_O_DIRECTORY) ? -EINVAL : 0;
}

/* What the flags of open say against what is there; 0 if they agree. */
static int
open_allowed(const struct file_stat *st, unsigned flags)
{
    bool writes = (flags & FILE_O_ACCMODE) != FILE_O_RDONLY || (flags & FILE_O_TRUNC);
    uint32_t type = st->mode & FS_S_IFMT;

    if ((flags & FILE_O_CREAT) && (flags & FILE_O_EXCL))
        return -EEXIST;
    if (type == FS_S_IFDIR)
        return (writes && !(flags & FILE_O_TMPFILE)) || (flags & FILE_O_CREAT) ? -EISDIR : 0;
    if (flags & FILE_O_DIRECTORY)
        return -ENOTDIR;
    return type == FS_S_IFLNK && !(flags & FILE_O_PATH) ? -ELOOP : 0;
}

/* Open what is there, and is what the flags want. */
static int
open_canonical(const char *canonical, unsigned flags, struct file **out)
{
    const char *rest;
    struct fs_mount *mount = fs_find(canonical, &rest);
    const struct fs_changes *changes = mount ? mount->type->changes : NULL;
    int error = -ENOENT;

    if ((flags & FILE_O_TMPFILE) && !changes)
        return -EROFS;
    if ((flags & FILE_O_PATH) && !changes)
        return fs_open_place(canonical, flags, out);
    if (mount)
        error = mount->type->open(mount, rest, flags, out);
    if (error == -ENOENT && fs_leads_to_mount(canonical))
        return fs_open_place(canonical, flags, out);
    return error;
}

static int
make_file(const char *canonical, uint32_t mode)
{
    const char *rest;
    struct fs_mount *mount = fs_find(canonical, &rest);

    if (!mount || !mount->type->changes)
        return -EROFS;
    return mount->type->changes->create(mount, rest, FS_S_IFREG | mode, NULL);
}

/* `canonical` is room for the path. */
static int
open_in(char *canonical, const char *base, const char *path, unsigned flags, uint32_t mode,
        struct file **out)
{
    struct file_stat st;
    bool follow = !(flags & FILE_O_NOFOLLOW) &&
                  (flags & (FILE_O_CREAT | FILE_O_EXCL)) != (FILE_O_CREAT | FILE_O_EXCL);
    bool slash = (flags & FILE_O_CREAT) && *path && path[strlen(path) - 1] == '/';
    int error = fs_resolve(base, path, slash ? FS_KEEP_NAME : follow, canonical);

    if (error || slash)
        return error ? error : -EISDIR; /* a directory is not made like this */
    error = fs_stat_canonical(canonical, &st);
    if (error == -ENOENT && (flags & FILE_O_CREAT))
        error = make_file(canonical, mode);
    else if (!error)
        error = open_allowed(&st, flags);
    if (!error)
        error = open_canonical(canonical, flags, out);
    if (!error && (flags & FILE_O_TMPFILE) && (*out)->ops->storage->change)
        error = (*out)->ops->storage->change(
            *out, &(struct file_change){.set = FILE_SET_MODE, .mode = mode});
    return error;
}

int
fs_open(const char *base, const char *path, unsigned flags, uint32_t mode, struct file **out)
{
    if (flags & FILE_O_PATH)
        flags &= FILE_O_PATH | FILE_O_DIRECTORY | FILE_O_NOFOLLOW;
    int error = flags_allowed(flags);
    if (error)
        return error;
    char *canonical = kmalloc(FS_PATH_MAX); /* threads may have small stacks */
    if (!canonical)
        return -ENOMEM;
    error = open_in(canonical, base, path, flags, mode, out);
    kfree(canonical);
    return error;
}

long
fs_directory_pread(struct file *file, void *to, size_t len, uint64_t at)
{
    (void)file, (void)to, (void)len, (void)at;
    return -EISDIR;
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
