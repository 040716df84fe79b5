/*
 * Random bytes from whoever has them: the devices in the order found, then the CPU. There is
 * no generator of our own in between: without a source the caller is told so, and numbers are
 * never invented.
 */
#include "kernel/cpu.h"
#include "kernel/device.h"
#include "kernel/kernel.h"

static struct list sources = LIST_INIT(sources);

void
entropy_register(struct entropy_device *e)
{
    list_insert_before(&sources, &e->link);
}

/* Fill up from one device; bytes, fewer than asked for if it fails. */
static size_t
read_device(struct entropy_device *e, char *to, size_t size)
{
    size_t n = 0;

    while (n < size) {
        int got = e->read(e, to + n, size - n);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    return n;
}

int
entropy_read(void *to, size_t size)
{
    char *at = to;
    size_t n = 0;
    int cpu;

    list_foreach(it, &sources)
    {
        n += read_device(list_entry(it, struct entropy_device, link), at + n, size - n);
        if (n == size)
            return 0;
    }
    cpu = cpu_random(at + n, size - n);
    if (cpu == -ENODEV && list_empty(&sources))
        return -ENODEV;
    return cpu >= 0 && n + (size_t)cpu == size ? 0 : -EIO;
}
