/* Random bytes for programs, by getrandom and by /dev/random. */
#ifndef LIBC_RANDOM_H
#define LIBC_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Fill `len` bytes. Until the sources have given enough to begin with, waits if it may; after a second
 * of that a line says so. 0, -EAGAIN: not yet, and it may not wait; -SYSCALL_RESTART (syscall.h); -EIO:
 * there is no source that works, which a line says as well.
 */
int random_fill(void *to, size_t len, bool may_wait);

#endif
