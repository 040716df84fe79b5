/*
 * Mappings that share the pages of a file, in files that can lay them in one piece
 * (file_storage.map). There is one address for a page, so two mappings of the same bytes are at the
 * same place, a page goes when the last of them does, and protections are not enforced: what one
 * mapping may not write the other may, and the file itself.
 */
#include "kernel/kernel.h"
#include "kernel/list.h"
#include "kernel/memory.h"
#include "lib/libc/memory.h"

const char memory_shared_linked[1];

struct mapping {
    struct list link;
    struct file *file; /* held */
    uint64_t at;       /* of the first page in the file */
    uintptr_t page;
    size_t count;
};

static struct list mappings = LIST_INIT(mappings);

/* A mapping that has this page, or NULL. */
static struct mapping *
find(uintptr_t page)
{
    list_foreach(e, &mappings)
    {
        struct mapping *m = container_of(e, struct mapping, link);
        if (page - m->page < m->count)
            return m;
    }
    return NULL;
}

static struct mapping *
record(struct file *file, uint64_t at, uintptr_t page, size_t count)
{
    struct mapping *m = kmalloc(sizeof(*m));

    if (!m)
        return NULL;
    *m = (struct mapping){.file = file, .at = at, .page = page, .count = count};
    list_append(&mappings, &m->link);
    file_hold(file);
    return m;
}

static long
map(struct file *file, uint64_t at, size_t count)
{
    struct mapping *m = record(file, at, 0, 0);
    void *base;

    if (!m)
        return -ENOMEM;
    int error = file->ops->storage->map(file, at, count, &base);
    if (error) {
        list_remove(&m->link);
        kfree(m);
        file_release(file);
        return error;
    }
    m->page = (uintptr_t)base >> PAGE_SHIFT;
    m->count = count;
    memory_set_shared(m->page, count);
    return (long)base;
}

/* A program that cannot have what it would get elsewhere finds the reason on the log. */
static long
say_why(long result, size_t count)
{
    if (result == -ENOMEM)
        log_warn(
            "memory: %zu pages of a file cannot be mapped: there is no memory for them in one "
            "piece, or others of its pages are mapped and cannot be moved",
            count);
    return result;
}

long
shared_map(struct file *file, uint64_t at, size_t count)
{
    return say_why(map(file, at, count), count);
}

/* Take `count` pages from `page` on out of a mapping that has them all. -ENOMEM: nothing changed. */
static int
cut(struct mapping *m, uintptr_t page, size_t count)
{
    size_t before = page - m->page, after = m->count - before - count;
    uint64_t at = m->at + ((uint64_t)before << PAGE_SHIFT);
    uint64_t behind = at + ((uint64_t)count << PAGE_SHIFT);
    struct file *file = m->file;

    if (before && after && !record(file, behind, page + count, after))
        return -ENOMEM;
    m->count = before ? before : after;
    if (!before) {
        m->page += count;
        m->at = behind;
    }
    file->ops->storage->unmap(file, at, count);
    if (m->count > 0)
        return 0;
    list_remove(&m->link);
    kfree(m);
    file_release(file);
    return 0;
}

int
shared_unmap(uintptr_t page, size_t count)
{
    while (count > 0) {
        struct mapping *m = find(page);
        size_t now = m ? MIN(count, m->page + m->count - page) : count;
        int error = m ? cut(m, page, now) : 0;
        if (error)
            return error;
        for (size_t i = 0; i < now; i++)
            if (!find(page + i))
                memory_set_free(page + i, 1);
        page += now;
        count -= now;
    }
    return 0;
}

static bool
is_error(long result)
{
    return result < 0 && result > -(long)PAGE_SIZE;
}

long
shared_remap(uintptr_t page, size_t old, size_t new, bool may_move)
{
    struct mapping *m = find(page);

    if (!m || m->page != page || old > m->count)
        return -EFAULT;
    struct file *file = m->file;
    uint64_t at = m->at;
    file_hold(file);
    long base = map(file, at, new); /* if it can be, then where it is */
    if (!is_error(base) || may_move)
        (void)shared_unmap(page, old); /* cannot fail at the beginning of a mapping */
    if (is_error(base) && may_move) {
        base = map(file, at, new); /* the file is free to move its pages now */
        if (is_error(base))
            (void)map(file, at, old); /* these still lie in one piece */
    }
    file_release(file);
    return say_why(base, new);
}
