/*
 * Names of sockets: abstract ones, which begin with a NUL and are nowhere but here, and paths, where a
 * file system can hold a node for a socket. A path names the socket whose node is found there, so
 * it can be renamed, linked and removed like any other file.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/calls.h"
#include "lib/unix/unix.h"

#define FAMILY_SIZE sizeof(uint16_t)

/* Of lib/fs, which a program may do without; then it has no paths. */
__attribute__((weak)) int fs_stat_at(int dirfd, const char *path, bool follow,
                                     struct file_stat *out);
__attribute__((weak)) long fs_make_socket(const char *path);

struct unix_name *
unix_name_hold(struct unix_name *name)
{
    if (name)
        name->refs++;
    return name;
}

void
unix_name_release(struct unix_name *name)
{
    if (name && --name->refs == 0)
        kfree(name);
}

static bool
is_abstract(const struct unix_name *name)
{
    return name->path[0] == '\0';
}

/* -EINVAL: no address of this family. A path gets its NUL. */
static int
name_in(const void *from, uint32_t len, struct unix_name *out)
{
    const struct linux_sockaddr_un *address = from;

    if (len <= FAMILY_SIZE || len > sizeof(*address) || address->family != LINUX_AF_UNIX)
        return -EINVAL;
    *out = (struct unix_name){.refs = 1, .len = len - FAMILY_SIZE};
    memcpy(out->path, address->path, out->len);
    if (!is_abstract(out))
        out->len = (uint32_t)strnlen(out->path, UNIX_NAME_MAX) + 1;
    return 0;
}

static bool
is_same(const struct unix_name *a, const struct unix_name *b)
{
    if (is_abstract(a) != is_abstract(b))
        return false;
    if (is_abstract(a))
        return a->len == b->len && memcmp(a->path, b->path, a->len) == 0;
    return a->device == b->device && a->inode == b->inode;
}

/* Whose it is. Of abstract names each type has its own. */
static struct unix_socket *
owner_of(const struct unix_name *name, int type)
{
    for (struct unix_socket *s = unix_next(NULL); s; s = unix_next(s)) {
        if (s->name && !s->accepted && is_same(s->name, name) &&
            (!is_abstract(name) || s->type == type))
            return s;
    }
    return NULL;
}

/* The node of a path. */
static int
find_node(struct unix_name *name)
{
    struct file_stat st;
    int error = fs_stat_at ? fs_stat_at(AT_FDCWD, name->path, true, &st) : -ENOENT;

    if (error)
        return error;
    if ((st.mode & FS_S_IFMT) != FS_S_IFSOCK)
        return -ECONNREFUSED;
    name->device = st.device;
    name->inode = st.inode;
    return 0;
}

int
unix_find(int type, const void *from, uint32_t len, struct unix_socket **out)
{
    struct unix_name name;
    int error = name_in(from, len, &name);

    if (!error && !is_abstract(&name))
        error = find_node(&name);
    if (error)
        return error;
    *out = owner_of(&name, type);
    if (!*out)
        return -ECONNREFUSED;
    return (*out)->type == type ? 0 : -EPROTOTYPE;
}

/* A free abstract name, of a NUL and five digits (unix(7)). */
static int
choose(struct unix_name *name, int type)
{
    static unsigned last;

    for (unsigned tries = 0; tries < 0x100000; tries++) {
        last = (last + 1) & 0xfffff;
        *name = (struct unix_name){.refs = 1, .len = 6};
        (void)ksnprintf(name->path + 1, sizeof(name->path) - 1, "%05x", last);
        if (!owner_of(name, type))
            return 0;
    }
    return -ENOSPC;
}

static int
take_name(struct unix_name *name, int type)
{
    if (is_abstract(name))
        return owner_of(name, type) ? -EADDRINUSE : 0;
    long error = fs_make_socket ? fs_make_socket(name->path) : -ENOENT;
    if (error)
        return error == -EEXIST ? -EADDRINUSE : (int)error;
    return find_node(name);
}

int
unix_bind(struct file *file, const void *from, uint32_t len)
{
    struct unix_socket *s = file->private;
    const uint16_t *family = from;
    struct unix_name name, *kept;
    int error;

    if (len == FAMILY_SIZE && *family == LINUX_AF_UNIX)
        error = s->name ? -EINVAL : choose(&name, s->type);
    else
        error = name_in(from, len, &name);
    if (!error && s->name)
        error = -EINVAL;
    if (error)
        return error;
    kept = kmalloc(sizeof(*kept));
    if (!kept)
        return -ENOMEM;
    error = take_name(&name, s->type);
    if (error) {
        kfree(kept);
        return error;
    }
    *kept = name;
    s->name = kept;
    return 0;
}

void
unix_name_put(const struct unix_name *name, void *to, uint32_t *len)
{
    struct linux_sockaddr_un address = {.family = LINUX_AF_UNIX};
    uint32_t whole = FAMILY_SIZE + (name ? name->len : 0);

    if (name)
        memcpy(address.path, name->path, MIN(name->len, sizeof(address.path)));
    memcpy(to, &address, MIN(MIN(*len, whole), (uint32_t)sizeof(address)));
    *len = whole;
}

int
unix_get_name(struct file *file, bool peer, void *to, uint32_t *len)
{
    const struct unix_socket *s = file->private;

    if (peer && s->state != UNIX_CONNECTED)
        return -ENOTCONN;
    if ((int32_t)*len < 0)
        return -EINVAL;
    unix_name_put(peer ? s->peer_name : s->name, to, len);
    return 0;
}
