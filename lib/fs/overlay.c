/*
 * An archive whose tree can be changed: a file system in memory that begins with all names of the
 * archive. Contents stay in the archive until a file is opened for writing (or mapped), and are
 * copied then; names, modes and everything else change in memory from the start. So nothing has to
 * be hidden or merged, hard links stay links, and a folder is renamed like any other.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/tar.h"
#include "lib/fs/tmp.h"

#define INDEX_SHARE 4 /* the archive's index may take this part of the free memory */
#define COPY_PAGES  16

/* ---- contents ---- */

/* A copy of what the archive has, in `to`. */
static int
copy(const struct tmp_node *node, struct tmp_data *to, char *buffer)
{
    struct fs_reader *reader = node->lower;
    uint64_t size = node->data.size, from = node->lower_at;

    while (to->size < size) {
        size_t len = (size_t)MIN(size - to->size, (uint64_t)(COPY_PAGES * PAGE_SIZE));
        int error = reader->read(reader, from + to->size, buffer, len);
        long n = error ? error : tmp_data_write(to, buffer, len, to->size);
        if (n < 0)
            return (int)n;
    }
    return 0;
}

int
tmp_own(struct tmp_node *node)
{
    struct tmp_data data = {0};

    if (!node->lower)
        return 0;
    char *buffer = pages_alloc(COPY_PAGES);
    if (!buffer)
        return -ENOSPC;
    int error = copy(node, &data, buffer);
    pages_free(buffer, COPY_PAGES);
    if (error || !node->lower) { /* while the disk was read another one may have done it */
        tmp_data_truncate(&data, 0);
        return node->lower ? error : 0;
    }
    node->lower = NULL;
    node->data = data;
    return 0;
}

/* ---- the tree ---- */

static void
set_times(struct tmp_node *node, int64_t sec)
{
    node->atime = node->mtime = node->ctime = (struct file_time){sec, 0};
}

static void
set_attributes(struct tmp_node *node, const struct tar_node *body)
{
    node->mode = body->mode;
    node->uid = body->uid;
    node->gid = body->gid;
    set_times(node, body->mtime);
}

static struct tmp_node *
make_node(struct tmpfs *fs, struct fs_reader *reader, const struct tar_node *body)
{
    struct tmp_node *node = tmp_node_new(fs, body->mode);

    if (!node)
        return NULL;
    set_attributes(node, body);
    if (tmp_is(node, FS_S_IFREG) && body->size > 0) {
        node->data.size = body->size;
        node->lower = reader;
        node->lower_at = body->data;
    }
    if (tmp_is(node, FS_S_IFLNK))
        node->target = kstrdup(body->link);
    return node;
}

/* `nodes` has, by place in the archive's tree, what was made for each that others are links to. */
static int
add(struct tmpfs *fs, struct fs_reader *reader, const struct tar_node *entry,
    struct tmp_node **nodes)
{
    struct tmp_node *parent, *node = nodes[entry->body->index];
    const char *text;
    int error = tmp_find_parent(fs, entry->name, &parent, &text);

    if (error)
        return error;
    struct file_time before = parent->mtime;
    if (!node)
        node = nodes[entry->body->index] = make_node(fs, reader, entry->body);
    if (!node || (tmp_is(node, FS_S_IFLNK) && !node->target))
        return -ENOMEM;
    error = tmp_add_name(parent, text, node);
    set_times(parent, before.sec);
    return error;
}

static int
fill(struct tmpfs *fs, struct fs_reader *reader, const struct tar_tree *tree)
{
    struct tmp_node **nodes = kmalloc(tree->count * sizeof(*nodes));
    int error = nodes ? 0 : -ENOMEM;

    if (!error)
        set_attributes(fs->root, tree->nodes[0]->body);
    for (uint32_t i = 1; !error && i < tree->count; i++)
        error = add(fs, reader, tree->nodes[i], nodes);
    kfree(nodes);
    return error;
}

int
overlay_mount(struct fs_reader *reader, const char *where)
{
    struct memory_info memory;
    struct tar_tree tree;
    struct tmpfs *fs = kmalloc(sizeof(*fs));

    if (!fs)
        return -ENOMEM;
    memory_info(&memory);
    int error = tar_load(&tree, reader, memory.free / INDEX_SHARE);
    if (error) {
        kfree(fs);
        return error;
    }
    error = tmpfs_mount(fs, where, 0755);
    if (error) {
        tar_free(&tree);
        kfree(fs);
        return error;
    }
    error = fill(fs, reader, &tree);
    log_info("tar on %s: %u names, mounted on %s, changes in memory", reader->name,
             tree.count - 1, where);
    if (error)
        log_error("root: no memory for all of them, so some are missing");
    tmpfs_make_places(fs);
    tar_free(&tree);
    return 0;
}
