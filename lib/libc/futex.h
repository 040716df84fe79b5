/* Waiting on a word of memory, which musl's locks are made of. */
#ifndef LIBC_FUTEX_H
#define LIBC_FUTEX_H

#include <stdint.h>

/* Wake up to `count` threads that wait on the word; how many it were. No known point. */
long futex_wake(const uint32_t *word, long count);

#endif
