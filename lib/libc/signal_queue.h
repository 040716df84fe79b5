/* The signals that wait (signal_queue.c), for signal.c. */
#ifndef LIBC_SIGNAL_QUEUE_H
#define LIBC_SIGNAL_QUEUE_H

#include "lib/libc/signal.h"

/* Bits of those that wait for the thread alone, or (NULL) for the program. */
uint64_t *signal_queue_set(struct libc_thread *thread);
/* One more waits; it did not. */
void signal_queue_add(struct signal_note *note);
/* The same with a note of our own, unless a standard signal of that number waits. 0, or -EAGAIN: a
 * queued one found no room. Deferred work may call it. */
int signal_queue_make(const struct abi_siginfo *info, struct libc_thread *thread);
/* One of them waits no longer; what is told of it. */
void signal_queue_take(int number, struct libc_thread *thread, struct abi_siginfo *info);
/* None of the set waits any longer. A timer whose signal it was goes on. */
void signal_queue_forget(uint64_t set, struct libc_thread *thread);

#endif
