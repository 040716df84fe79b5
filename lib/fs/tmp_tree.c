/*
 * Names and nodes of a file system in memory. One table holds the names of all its directories, by
 * parent and text, so that a directory of many thousands is no slower than a small one; each
 * directory also keeps its own in the order in which they came, with a number that no other name of
 * it ever has, so that a reader of the directory goes on in the right place whatever was removed.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/tmp.h"
#include "lib/libc/ids.h"

#define FIRST_BUCKETS 32 /* a power of two */
#define FIRST_PLACE   2  /* 0 and 1 are "." and ".." */
#define DAY           86400

/* ---- nodes ---- */

struct tmp_node *
tmp_node_new(struct tmpfs *fs, uint32_t mode)
{
    struct tmp_node *node =
        tmp_pool.nodes < tmp_pool.nodes_limit ? kmalloc(sizeof(*node)) : NULL;

    if (!node)
        return NULL;
    tmp_pool.nodes++;
    node->fs = fs;
    node->inode = ++fs->last_inode;
    node->mode = mode;
    if (ids_of_files)
        ids_of_files(&node->uid, &node->gid);
    node->atime = node->mtime = node->ctime = fs_now();
    if (!tmp_is(node, FS_S_IFDIR))
        return node;
    node->links = 2;
    node->last_place = FIRST_PLACE - 1;
    list_init(&node->entries);
    return node;
}

void
tmp_node_drop(struct tmp_node *node)
{
    if (node->links || node->refs)
        return;
    if (tmp_is(node, FS_S_IFREG))
        tmp_data_truncate(&node->data, 0);
    else if (tmp_is(node, FS_S_IFLNK))
        kfree(node->target);
    kfree(node);
    tmp_pool.nodes--;
}

void
tmp_modified(struct tmp_node *node)
{
    node->mtime = node->ctime = fs_now();
}

static bool
is_before(struct file_time a, struct file_time b)
{
    return a.sec < b.sec || (a.sec == b.sec && a.nsec < b.nsec);
}

void
tmp_accessed(struct tmp_node *node)
{
    struct file_time now = fs_now();

    if (is_before(node->mtime, node->atime) && is_before(node->ctime, node->atime) &&
        now.sec - node->atime.sec < DAY)
        return;
    node->atime = now;
}

/* ---- the table of names ---- */

static uint32_t
hash_of(const struct tmp_node *parent, const char *text, size_t len)
{
    uint32_t hash = 2166136261u ^ (uint32_t)parent->inode; /* FNV-1a */

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    return hash;
}

static struct tmp_name **
bucket_of(const struct tmpfs *fs, uint32_t hash)
{
    return &fs->buckets[(hash ^ hash >> 16) & (fs->nr_buckets - 1)];
}

/* True if there is a table; one that is full grows if it can. */
static bool
have_buckets(struct tmpfs *fs)
{
    size_t old = fs->nr_buckets, new = old ? old * 2 : FIRST_BUCKETS;

    if (fs->nr_names < old)
        return true;
    struct tmp_name **names = fs->buckets, **larger = kmalloc(new * sizeof(*larger));
    if (!larger)
        return old > 0;
    fs->buckets = larger;
    fs->nr_buckets = new;
    for (size_t i = 0; i < old; i++)
        for (struct tmp_name *name = names[i], *next; name; name = next) {
            struct tmp_name **bucket = bucket_of(fs, name->hash);
            next = name->chain;
            name->chain = *bucket;
            *bucket = name;
        }
    kfree(names);
    return true;
}

struct tmp_name *
tmp_look(const struct tmpfs *fs, const struct tmp_node *parent, const char *text, size_t len)
{
    uint32_t hash = hash_of(parent, text, len);

    if (!fs->buckets)
        return NULL;
    for (struct tmp_name *name = *bucket_of(fs, hash); name; name = name->chain)
        if (name->hash == hash && name->parent == parent && name->len == len &&
            memcmp(name->text, text, len) == 0)
            return name;
    return NULL;
}

/* Into the table and the directory; the times and links of nobody. */
static void
enlist(struct tmp_name *name)
{
    struct tmp_node *parent = name->parent;
    struct tmp_name **bucket = bucket_of(parent->fs, name->hash);

    name->chain = *bucket;
    *bucket = name;
    name->place = ++parent->last_place;
    list_append(&parent->entries, &name->link);
    parent->nr_entries++;
    parent->fs->nr_names++;
}

static void
delist(struct tmp_name *name)
{
    struct tmp_name **at = bucket_of(name->parent->fs, name->hash);

    while (*at != name)
        at = &(*at)->chain;
    *at = name->chain;
    list_remove(&name->link);
    name->parent->nr_entries--;
    name->parent->fs->nr_names--;
}

/* ---- names ---- */

static struct tmp_name *
name_new(struct tmp_node *parent, const char *text, struct tmp_node *node)
{
    size_t len = strlen(text);
    struct tmp_name *name = have_buckets(parent->fs) ? kmalloc(sizeof(*name) + len + 1) : NULL;

    if (!name)
        return NULL;
    *name = (struct tmp_name){.parent = parent,
                              .node = node,
                              .hash = hash_of(parent, text, len),
                              .len = (uint32_t)len};
    memcpy(name->text, text, len + 1);
    list_init(&name->link);
    return name;
}

/* What a node is told of its new name, and a directory of what it now holds. */
static void
name_given(struct tmp_name *name)
{
    if (!tmp_is(name->node, FS_S_IFDIR))
        return;
    name->node->name = name;
    name->parent->links++; /* its ".." */
}

static void
name_taken(struct tmp_name *name)
{
    if (!tmp_is(name->node, FS_S_IFDIR))
        return;
    name->node->name = NULL;
    name->parent->links--;
}

int
tmp_add_name(struct tmp_node *parent, const char *text, struct tmp_node *node)
{
    struct tmp_name *name = name_new(parent, text, node);

    if (!name)
        return -ENOSPC;
    enlist(name);
    if (!tmp_is(node, FS_S_IFDIR))
        node->links++;
    name_given(name);
    tmp_modified(parent);
    return 0;
}

void
tmp_remove_name(struct tmp_name *name)
{
    struct tmp_node *node = name->node;

    name_taken(name);
    delist(name);
    tmp_modified(name->parent);
    node->links = tmp_is(node, FS_S_IFDIR) ? 0 : node->links - 1;
    node->ctime = name->parent->ctime;
    kfree(name);
    tmp_node_drop(node);
}

int
tmp_move_name(struct tmp_name *name, struct tmp_node *parent, const char *text)
{
    struct tmp_name *new = name_new(parent, text, name->node);

    if (!new)
        return -ENOSPC;
    name_taken(name);
    delist(name);
    enlist(new);
    name_given(new);
    tmp_modified(name->parent);
    tmp_modified(parent);
    new->node->ctime = parent->ctime;
    kfree(name);
    return 0;
}

void
tmp_swap_names(struct tmp_name *a, struct tmp_name *b)
{
    struct tmp_node *node = a->node;

    name_taken(a);
    name_taken(b);
    a->node = b->node;
    b->node = node;
    name_given(a);
    name_given(b);
    tmp_modified(a->parent);
    tmp_modified(b->parent);
    a->node->ctime = b->node->ctime = b->parent->ctime;
}

/* ---- paths ---- */

/* What the first `len` bytes of a path name. */
static int
walk(const struct tmpfs *fs, const char *path, size_t len, struct tmp_node **out)
{
    struct tmp_node *node = fs->root;
    size_t at = 0;

    while (at < len) {
        const char *end = strchr(path + at, '/');
        size_t size = end ? MIN((size_t)(end - path), len) - at : len - at;
        if (!tmp_is(node, FS_S_IFDIR))
            return -ENOTDIR;
        const struct tmp_name *name = tmp_look(fs, node, path + at, size);
        if (!name)
            return -ENOENT;
        node = name->node;
        at += size + 1;
    }
    *out = node;
    return 0;
}

int
tmp_find(const struct tmpfs *fs, const char *path, struct tmp_node **out)
{
    return walk(fs, path, strlen(path), out);
}

int
tmp_find_parent(const struct tmpfs *fs, const char *path, struct tmp_node **out,
                const char **text)
{
    size_t len = strlen(path);

    if (len == 0)
        return -EBUSY;
    while (len > 0 && path[len - 1] != '/')
        len--;
    *text = path + len;
    int error = walk(fs, path, len ? len - 1 : 0, out);
    return error ? error : tmp_is(*out, FS_S_IFDIR) ? 0 : -ENOTDIR;
}

int
tmp_path(const struct tmp_node *node, char out[FS_PATH_MAX])
{
    size_t at = FS_PATH_MAX - 1;

    if (node->links == 0)
        return -ENOENT;
    out[at] = '\0';
    for (; node->name; node = node->name->parent) {
        size_t len = node->name->len;
        if (len + 1 > at)
            return -ENAMETOOLONG;
        if (out[at])
            out[--at] = '/';
        at -= len;
        memcpy(out + at, node->name->text, len);
    }
    memmove(out, out + at, FS_PATH_MAX - at);
    return 0;
}
