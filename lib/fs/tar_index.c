/*
 * The tree of an archive, built once: every member becomes a node, nodes are sorted so that
 * a directory is followed by all that lies below it, directories that the archive only
 * implies are added, and hard links find their file. Relies on tar_scan.c for the members
 * and on the C library's qsort.
 *
 * An archive may come from anybody, so its names cannot leave the tree, its links cannot
 * loop, and the memory for it has a limit that the caller sets.
 */
#include <stdlib.h>
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/tar.h"

/* Why members are left out, for one line at the end. */
enum left_out { BAD_NAME, BAD_KIND, BAD_LINK, BAD_PLACE, NR_LEFT_OUT };

static const char *const left_out_text[NR_LEFT_OUT] = {
    [BAD_NAME] = "with a name that cannot be served",
    [BAD_KIND] = "of a kind that is not served",
    [BAD_LINK] = "as a hard link to nothing",
    [BAD_PLACE] = "below something that is no directory",
};

struct builder {
    struct tar_node **nodes;
    uint32_t count, capacity;
    uint32_t next_number;
    size_t memory; /* what may still be used */
    bool full;     /* the limit was met: the rest is missing */
    unsigned left_out[NR_LEFT_OUT];
    char name[FS_PATH_MAX]; /* the canonical form of the member's name, and of its link */
    char link[FS_PATH_MAX];
};

/* ---- order ---- */

/* Equal names: the later member first. */
static int
compare_nodes(const void *a, const void *b)
{
    const struct tar_node *x = *(struct tar_node *const *)a;
    const struct tar_node *y = *(struct tar_node *const *)b;
    int order = tar_compare_names(x->name, y->name);

    if (order)
        return order;
    return x->number > y->number ? -1 : x->number < y->number;
}

static struct tar_node *
find(struct tar_node *const *nodes, uint32_t count, const char *name)
{
    uint32_t low = 0;

    while (low < count) {
        uint32_t middle = low + (count - low) / 2;
        int order = tar_compare_names(name, nodes[middle]->name);
        if (order == 0)
            return nodes[middle];
        if (order > 0)
            low = middle + 1;
        else
            count = middle;
    }
    return NULL;
}

struct tar_node *
tar_find(const struct tar_tree *tree, const char *name)
{
    return find(tree->nodes, tree->count, name);
}

static bool
is_directory(const struct tar_node *node)
{
    return (node->mode & FS_S_IFMT) == FS_S_IFDIR;
}

/* ---- nodes ---- */

static bool
take_memory(struct builder *b, size_t size)
{
    if (size > b->memory) {
        b->full = true;
        return false;
    }
    b->memory -= size;
    return true;
}

static bool
grow(struct builder *b)
{
    uint32_t capacity = b->capacity ? b->capacity * 2 : 64;
    size_t size = capacity * sizeof(b->nodes[0]);

    if (!take_memory(b, size))
        return false;
    struct tar_node **nodes = kmalloc(size);
    if (!nodes) {
        b->full = true;
        return false;
    }
    if (b->count > 0)
        memcpy(nodes, b->nodes, b->count * sizeof(nodes[0]));
    kfree(b->nodes);
    b->memory += b->capacity * sizeof(nodes[0]);
    b->nodes = nodes;
    b->capacity = capacity;
    return true;
}

/* A zeroed node with this name, the first `len` bytes of `name`, and link (or NULL), added;
 * NULL when the memory is used up. */
static struct tar_node *
add_node(struct builder *b, const char *name, size_t len, const char *link)
{
    size_t link_size = link ? strlen(link) + 1 : 0;
    size_t size = sizeof(struct tar_node) + len + 1 + link_size;

    if (b->full || (b->count == b->capacity && !grow(b)) || !take_memory(b, size))
        return NULL;
    struct tar_node *node = kmalloc(size);
    if (!node) {
        b->full = true;
        return NULL;
    }
    memcpy(node->name, name, len);
    if (link)
        node->link = memcpy(node->name + len + 1, link, link_size);
    node->body = node;
    node->links = 1;
    node->number = b->next_number++;
    b->nodes[b->count++] = node;
    return node;
}

static bool
add_directory(struct builder *b, const char *name, size_t len)
{
    struct tar_node *node = add_node(b, name, len, NULL);

    if (node)
        node->mode = FS_S_IFDIR | 0755;
    return node;
}

/* FS_S_IF* of a member's type flag; a hard link is a file until it is resolved, and 0 is what
 * has no place here. */
static uint32_t
kind_of(char type)
{
    switch (type) {
    case '0':
    case '1':
        return FS_S_IFREG;
    case '2':
        return FS_S_IFLNK;
    case '5':
        return FS_S_IFDIR;
    default:
        return 0;
    }
}

static void
add_member(struct builder *b, const struct tar_member *member)
{
    uint32_t kind = kind_of(member->type);
    const char *link = NULL;

    if (member->type == 'V')
        return; /* a volume's label: no file, and nobody misses it */
    if (!kind || member->fitness == TAR_SPARSE) {
        b->left_out[BAD_KIND]++;
        return;
    }
    if (member->fitness == TAR_BAD_NAME || !tar_clean_name(member->name, b->name) ||
        (!b->name[0] && kind != FS_S_IFDIR)) {
        b->left_out[BAD_NAME]++;
        return;
    }
    if (member->type == '1') {
        if (!tar_clean_name(member->link, b->link)) {
            b->left_out[BAD_LINK]++;
            return;
        }
        link = b->link;
    } else if (member->type == '2') {
        link = member->link;
    }
    struct tar_node *node = add_node(b, b->name, strlen(b->name), link);
    if (!node)
        return;
    node->mode = kind | member->mode;
    node->data = member->data;
    node->size = kind == FS_S_IFREG ? member->size : kind == FS_S_IFLNK ? strlen(link) : 0;
    node->mtime = member->mtime;
    node->uid = member->uid;
    node->gid = member->gid;
    if (member->type == '1')
        node->body = NULL;
}

/* ---- the tree ---- */

static void
sort(struct builder *b)
{
    qsort(b->nodes, b->count, sizeof(b->nodes[0]), compare_nodes);
}

/* Keep nodes[i] as nodes[*kept], or free it. */
static void
keep(struct builder *b, uint32_t i, uint32_t *kept, bool good)
{
    if (good)
        b->nodes[(*kept)++] = b->nodes[i];
    else
        kfree(b->nodes[i]);
}

static void
drop_overwritten(struct builder *b)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < b->count; i++)
        keep(b, i, &kept,
             kept == 0 || strcmp(b->nodes[i]->name, b->nodes[kept - 1]->name) != 0);
    b->count = kept;
}

/* Directories above nodes[i] that have no node; those above its neighbour were seen to. */
static bool
add_parents(struct builder *b, uint32_t i, uint32_t count)
{
    const char *name = b->nodes[i]->name;
    const char *before = i > 0 ? b->nodes[i - 1]->name : "";

    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t len = (size_t)(slash - name);
        if (strncmp(before, name, len + 1) == 0)
            continue;
        memcpy(b->name, name, len);
        b->name[len] = '\0';
        if (!find(b->nodes, count, b->name) && !add_directory(b, name, len))
            return false;
    }
    return true;
}

static void
add_implied_directories(struct builder *b)
{
    uint32_t count = b->count;

    for (uint32_t i = 0; i < count; i++)
        if (!add_parents(b, i, count))
            break;
    sort(b);
}

/* A file's node can be followed by nodes that claim to lie below it, as in an archive whose
 * symbolic link was once a directory. Nothing leads to them. */
static void
drop_misplaced(struct builder *b)
{
    const struct tar_node *file = NULL;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < b->count; i++) {
        struct tar_node *node = b->nodes[i];
        bool misplaced = file && tar_is_below(node->name, file->name);
        b->left_out[BAD_PLACE] += misplaced;
        if (!misplaced && !is_directory(node))
            file = node;
        keep(b, i, &kept, !misplaced);
    }
    b->count = kept;
}

/* What a hard link stands for, through others if need be; NULL: nothing, or a loop. */
static struct tar_node *
link_body(const struct builder *b, const struct tar_node *node)
{
    for (int hops = 0; hops < FS_LINKS_MAX; hops++) {
        struct tar_node *next = find(b->nodes, b->count, node->link);
        if (!next || is_directory(next))
            return NULL;
        if (next->body)
            return next->body;
        node = next;
    }
    return NULL;
}

static void
resolve_hard_links(struct builder *b)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < b->count; i++) {
        struct tar_node *node = b->nodes[i];
        if (!node->body)
            node->body = link_body(b, node);
        if (node->body && node->body != node)
            node->body->links++;
    }
    for (uint32_t i = 0; i < b->count; i++) {
        b->left_out[BAD_LINK] += !b->nodes[i]->body;
        keep(b, i, &kept, b->nodes[i]->body);
    }
    b->count = kept;
}

/* From the back, so that a node's end hops over the ends of those below it. */
static void
set_places(struct builder *b)
{
    for (uint32_t i = b->count; i-- > 0;) {
        uint32_t end = i + 1;
        while (end < b->count && tar_is_below(b->nodes[end]->name, b->nodes[i]->name))
            end = b->nodes[end]->end;
        b->nodes[i]->index = i;
        b->nodes[i]->end = end;
    }
}

/* ---- loading ---- */

static void
report(const struct builder *b, const char *where)
{
    for (unsigned i = 0; i < NR_LEFT_OUT; i++)
        if (b->left_out[i])
            log_warn("tar on %s: %u left out %s", where, b->left_out[i], left_out_text[i]);
    if (b->full)
        log_warn("tar on %s: too many names for this memory, only the first %u are served",
                 where, b->count);
}

/* Members until the end, damage, or the limit. Only an archive without any is an error. */
static int
read_members(struct builder *b, struct fs_reader *reader, struct tar_member *member)
{
    struct tar_scan scan = {.reader = reader};
    unsigned members = 0;
    int result = 0;

    while (!b->full && (result = tar_next(&scan, member)) > 0) {
        add_member(b, member);
        members++;
    }
    if (b->full || result == 0)
        return members ? 0 : -EINVAL;
    if (members == 0)
        return result == -EPROTO ? -EINVAL : result;
    if (result == -EPROTO)
        log_warn("tar on %s: damaged at byte %llu: %s; the %u entries before it are served",
                 reader->name, (unsigned long long)scan.at, scan.damage, members);
    else
        log_error("tar on %s: cannot be read at byte %llu (error %d); the %u entries before "
                  "it are served",
                  reader->name, (unsigned long long)scan.at, -result, members);
    return 0;
}

static int
build(struct builder *b, struct fs_reader *reader)
{
    struct tar_member *member = kmalloc(sizeof(*member));

    if (!member || !add_directory(b, "", 0)) {
        kfree(member);
        return -ENOMEM;
    }
    int error = read_members(b, reader, member);
    kfree(member);
    if (error)
        return error;
    sort(b);
    drop_overwritten(b);
    add_implied_directories(b);
    drop_misplaced(b);
    resolve_hard_links(b);
    set_places(b);
    report(b, reader->name);
    return 0;
}

int
tar_load(struct tar_tree *tree, struct fs_reader *reader, size_t memory)
{
    struct builder *b = kmalloc(sizeof(*b));

    if (!b)
        return -ENOMEM;
    b->memory = memory;
    int error = build(b, reader);
    *tree = (struct tar_tree){b->nodes, b->count};
    kfree(b);
    if (error)
        tar_free(tree);
    return error;
}

void
tar_free(struct tar_tree *tree)
{
    for (uint32_t i = 0; i < tree->count; i++)
        kfree(tree->nodes[i]);
    kfree(tree->nodes);
    *tree = (struct tar_tree){0};
}
