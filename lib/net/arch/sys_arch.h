/*
 * lwIP's semaphore and mailbox on the kernel's wait queue. A mailbox is a ring of pointers; no
 * thread ever waits in one, since every socket is non-blocking inside lwIP (see socket.c). It
 * has its own room for a few and grows as it fills, so that connections without traffic, of
 * which a server has most, cost little.
 */
#ifndef NET_ARCH_SYS_ARCH_H
#define NET_ARCH_SYS_ARCH_H

#include <stdbool.h>
#include <stdint.h>
#include "kernel/thread.h"

typedef struct {
    struct wait_queue queue;
    unsigned count;
    bool valid;
} sys_sem_t;

#define SYS_MBOX_FEW 4u

typedef struct {
    void **ring;               /* NULL: not valid; `few`, or from net_malloc */
    unsigned room, head, used; /* of the ring */
    unsigned most;             /* that it holds */
    void *few[SYS_MBOX_FEW];
} sys_mbox_t;

typedef int sys_mutex_t; /* the core lock is net_core_enter(), and there is no other */
typedef struct thread *sys_thread_t;

#define sys_sem_valid(s)        ((s)->valid)
#define sys_sem_set_invalid(s)  ((s)->valid = false)
#define sys_mbox_valid(m)       ((m)->ring)
#define sys_mbox_set_invalid(m) ((m)->ring = NULL)

#endif
