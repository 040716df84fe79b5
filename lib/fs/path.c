/*
 * From a path of any shape to the one canonical path of what it names. Relies on the
 * mount table (fs_find) and on the stat and readlink of its file systems.
 *
 * The walk keeps two texts: `out`, which is canonical at every step and names a directory,
 * and what is left to walk, which lies at the end of its buffer so that the target of a link
 * can be put in front of it.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/fs.h"

struct walk {
    char *out; /* "" stands for the root until the walk ends */
    size_t out_len;
    char left[FS_PATH_MAX];
    size_t at;      /* first byte of `left` that counts */
    unsigned links; /* followed so far */
};

static int
append(struct walk *w, const char *name, size_t len)
{
    if (len > FS_NAME_MAX || w->out_len + 1 + len >= FS_PATH_MAX)
        return -ENAMETOOLONG;
    w->out[w->out_len] = '/';
    memcpy(w->out + w->out_len + 1, name, len);
    w->out_len += 1 + len;
    w->out[w->out_len] = '\0';
    return 0;
}

/* To the parent directory; that of the root is the root. */
static void
drop_last(struct walk *w)
{
    while (w->out_len > 0 && w->out[--w->out_len] != '/')
        continue;
    w->out[w->out_len] = '\0';
}

/* `out` names a link: put its target in front of what is left, and go back to its folder. */
static int
follow_link(struct walk *w)
{
    const char *rest;
    struct fs_mount *mount = fs_find(w->out, &rest);

    if (++w->links > FS_LINKS_MAX)
        return -ELOOP;
    if (!mount || !mount->type->readlink)
        return -ENOENT;
    long len = mount->type->readlink(mount, rest, w->left, w->at);
    if (len < 0)
        return (int)len;
    if (len == 0)
        return -ENOENT;
    if ((size_t)len >= w->at)
        return -ENAMETOOLONG;
    w->at -= (size_t)len;
    memmove(w->left + w->at, w->left, (size_t)len);
    drop_last(w);
    if (w->left[w->at] == '/') {
        w->out_len = 0;
        w->out[0] = '\0';
    }
    return 0;
}

static bool
is_last(const struct walk *w)
{
    size_t at = w->at;

    while (w->left[at] == '/')
        at++;
    return w->left[at] == '\0';
}

/* Step into the component of `len` bytes at w->at. */
static int
step(struct walk *w, size_t len, enum fs_follow follow)
{
    const char *name = w->left + w->at;
    bool slash = name[len] == '/'; /* so it has to be a directory */
    struct file_stat st;
    int error;

    w->at += len;
    if (len == 1 && name[0] == '.')
        return 0;
    if (len == 2 && name[0] == '.' && name[1] == '.') {
        drop_last(w);
        return 0;
    }
    error = append(w, name, len);
    if (error)
        return error;
    error = fs_stat_canonical(w->out, &st);
    if (error == -ENOENT && is_last(w))
        return 0; /* the caller's to judge: it may mean to create it */
    if (error)
        return error;
    if ((st.mode & FS_S_IFMT) == FS_S_IFLNK && (slash || follow == FS_FOLLOW_LINK))
        return follow_link(w);
    if (slash && (st.mode & FS_S_IFMT) != FS_S_IFDIR)
        return -ENOTDIR;
    return 0;
}

static int
walk(struct walk *w, const char *base, const char *path, enum fs_follow follow)
{
    size_t len = strnlen(path, FS_PATH_MAX);

    if (len == 0)
        return -ENOENT;
    if (len == FS_PATH_MAX)
        return -ENAMETOOLONG;
    while (follow == FS_KEEP_NAME && len > 1 && path[len - 1] == '/')
        len--;
    w->at = FS_PATH_MAX - len - 1;
    memcpy(w->left + w->at, path, len);
    w->left[FS_PATH_MAX - 1] = '\0';

    if (path[0] != '/' && strcmp(base, "/") != 0)
        w->out_len = strlen(base);
    memmove(w->out, base, w->out_len); /* the base may lie there already */
    w->out[w->out_len] = '\0';

    for (;;) {
        while (w->left[w->at] == '/')
            w->at++;
        const char *name = w->left + w->at;
        if (*name == '\0')
            break;
        const char *end = strchr(name, '/');
        int error = step(w, end ? (size_t)(end - name) : strlen(name), follow);
        if (error)
            return error;
    }
    if (w->out_len == 0)
        memcpy(w->out, "/", 2);
    return 0;
}

int
fs_resolve(const char *base, const char *path, enum fs_follow follow, char out[FS_PATH_MAX])
{
    struct walk *w = kmalloc(sizeof(*w)); /* threads may have small stacks */

    if (!w)
        return -ENOMEM;
    w->out = out;
    int error = walk(w, base, path, follow);
    kfree(w);
    return error;
}
