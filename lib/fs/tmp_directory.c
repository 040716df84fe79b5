/*
 * Open directories of a file system in memory: their names in the order in which they came, from any
 * position on, and the path that they have now.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/tmp.h"

int
tmp_directory_path(struct file *file, char to[FILE_PATH_MAX])
{
    const struct tmp_node *node = tmp_node_of(file);
    int error = tmp_path(node, to);

    return error ? error : fs_path_below(&node->fs->mount, to, to);
}

/* The name at this position or the first behind it. */
static const struct tmp_name *
name_at(const struct tmp_node *directory, uint64_t position)
{
    list_foreach(e, &directory->entries)
    {
        const struct tmp_name *name = container_of(e, struct tmp_name, link);
        if (name->place >= position)
            return name;
    }
    return NULL;
}

static const struct tmp_name *
name_behind(const struct tmp_node *directory, const struct tmp_name *name)
{
    return name->link.next == &directory->entries
               ? NULL
               : container_of(name->link.next, struct tmp_name, link);
}

long
tmp_getdents(struct file *file, void *to, size_t size)
{
    struct tmp_node *self = tmp_node_of(file);
    const struct tmp_name *name = NULL;
    size_t used = 0;

    if (self->links == 0)
        return -ENOENT;
    tmp_accessed(self);
    for (;;) {
        const struct tmp_node *node = self;
        const char *text = file->position == 0 ? "." : "..";
        uint64_t next = file->position + 1;
        if (file->position == 1 && self->name)
            node = self->name->parent;
        if (file->position > 1) {
            name = name ? name_behind(self, name) : name_at(self, file->position);
            if (!name)
                return (long)used;
            node = name->node;
            text = name->text;
            next = (uint64_t)name->place + 1;
        }
        size_t record =
            fs_put_entry(to, size, used, node->inode, next, node->mode, text, strlen(text));
        if (record == 0)
            return used ? (long)used : -EINVAL;
        used += record;
        file->position = next;
    }
}
