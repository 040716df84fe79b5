/*
 * lwIP's semaphore and mailbox on the kernel's wait queue. A mailbox is a ring of pointers; no
 * thread ever waits in one, since every socket is non-blocking inside lwIP (see socket.c).
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

typedef struct {
    void **ring; /* NULL: not valid */
    unsigned size, head, used;
} sys_mbox_t;

typedef int sys_mutex_t; /* the core lock is net_core_enter(), and there is no other */
typedef struct thread *sys_thread_t;

#define sys_sem_valid(s)        ((s)->valid)
#define sys_sem_set_invalid(s)  ((s)->valid = false)
#define sys_mbox_valid(m)       ((m)->ring != NULL)
#define sys_mbox_set_invalid(m) ((m)->ring = NULL)

#endif
