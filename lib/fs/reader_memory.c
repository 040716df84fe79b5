/*
 * An archive that lies in memory: the initrd, which the loader put there and the page
 * allocator leaves alone.
 */
#include "kernel/kernel.h"
#include "kernel/list.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/fs.h"

struct memory_reader {
    struct fs_reader reader;
    const char *base;
};

static int
memory_read(struct fs_reader *reader, uint64_t at, void *to, size_t len)
{
    const struct memory_reader *r = container_of(reader, struct memory_reader, reader);

    memcpy(to, r->base + at, len);
    return 0;
}

static void
memory_close(struct fs_reader *reader)
{
    kfree(container_of(reader, struct memory_reader, reader));
}

struct fs_reader *
fs_reader_memory(const char *name, const void *base, size_t size)
{
    struct memory_reader *r = kmalloc(sizeof(*r));

    if (!r)
        return NULL;
    r->reader = (struct fs_reader){name, size, memory_read, memory_close};
    r->base = base;
    return &r->reader;
}
