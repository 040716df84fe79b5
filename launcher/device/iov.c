/*
 * Scatter lists: the few things that devices do with them beside handing them to the kernel.
 */
#include <string.h>
#include "launcher/device/device.h"

unsigned
iov_skip(struct iovec *parts, unsigned n, uint32_t bytes)
{
    unsigned from = 0;
    while (from < n && bytes >= parts[from].iov_len)
        bytes -= parts[from++].iov_len;
    if (from < n) {
        parts[from].iov_base = (char *)parts[from].iov_base + bytes;
        parts[from].iov_len -= bytes;
    }
    memmove(parts, parts + from, (n - from) * sizeof(*parts));
    return n - from;
}

uint32_t
iov_read(const struct iovec *parts, unsigned n, void *to, uint32_t len)
{
    uint32_t done = 0;
    for (unsigned i = 0; i < n && done < len; i++) {
        uint32_t part = parts[i].iov_len < len - done ? parts[i].iov_len : len - done;
        memcpy((char *)to + done, parts[i].iov_base, part);
        done += part;
    }
    return done;
}

uint32_t
iov_write(const struct iovec *parts, unsigned n, const void *from, uint32_t len)
{
    uint32_t done = 0;
    for (unsigned i = 0; i < n && done < len; i++) {
        uint32_t part = parts[i].iov_len < len - done ? parts[i].iov_len : len - done;
        memcpy(parts[i].iov_base, (const char *)from + done, part);
        done += part;
    }
    return done;
}
