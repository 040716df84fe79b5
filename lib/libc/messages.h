/*
 * Between the queues of messages (messages.c) and their registered receiver (messages_notify.c), which
 * only programs that call mq_notify have.
 */
#ifndef LIBC_MESSAGES_H
#define LIBC_MESSAGES_H

#include "kernel/list.h"
#include "kernel/thread.h"
#include "lib/libc/abi.h"

struct messages {
    struct list link; /* of those that have a name */
    char *name;       /* behind the structure; unlinked: still there, and not in the list */
    bool linked;
    unsigned opened; /* files */
    uint32_t messages_max, size_max, count;
    struct list waiting; /* of struct message: high priorities first, old ones before new */
    struct wait_queue changed;
    unsigned receivers; /* threads that wait for a message */
    bool registered;    /* somebody wants to hear of the next message to the empty queue */
    struct abi_sigevent wanted; /* how */
};

/* The queue behind a descriptor of it, or NULL. */
struct messages *messages_get(int fd);

/* A message came into the empty queue, and nobody waited for it. */
__attribute__((weak)) void messages_notify(struct messages *);

#endif
