/*
 * Threads for pthread_create. musl's __clone makes the one system call here from assembler:
 * it has put the start function's argument on top of the new stack and the function itself
 * into ebp, the sixth argument, and expects the child to come back from the call on the new
 * stack, call the function and exit with its result. The child here does just that without
 * coming back, so no registers have to be carried over.
 */
#include "kernel/kernel.h"
#include "kernel/thread.h"
#include "lib/libc/abi.h"
#include "lib/libc/futex.h"
#include "lib/libc/part.h"
#include "lib/libc/program.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

PART(threads);
PROGRAM_PREEMPTED;

#define FLAGS_NEEDED (ABI_CLONE_VM | ABI_CLONE_THREAD | ABI_CLONE_SETTLS)
#define STACK_MIN    1024 /* bytes that the child's first steps take, generously */

/* On the child's own stack, below the argument. */
struct child {
    struct libc_thread thread;
    int (*start)(void *);
    void *arg;
    uintptr_t tls;
};

static _Noreturn void
end_thread(void)
{
    struct libc_thread *thread = thread_current()->data;

    program_leaves_thread = false;
    if (signal_thread_ends)
        signal_thread_ends(thread);
    if (thread->clear_tid) {
        *thread->clear_tid = 0;
        futex_wake(thread->clear_tid, 1);
    }
    thread_exit();
}

static void
run_child(void *arg)
{
    struct child *child = arg;

    thread_set_tls(child->tls);
    program_begin();
    program_call(0, (program_fn *)child->start, (long)child->arg, 0, 0);
    program_end();
    end_thread();
}

SYSCALL(120, clone, unsigned flags, void **stack, int *parent_id,
        const struct abi_user_desc *tls, uint32_t *clear_id, int (*start)(void *))
{
    struct child *child = (struct child *)(((uintptr_t)stack - sizeof(struct child)) & ~15ul);

    if ((flags & FLAGS_NEEDED) != FLAGS_NEEDED)
        return -ENOSYS; /* fork: there is one address space */
    if ((uintptr_t)stack < STACK_MIN)
        return -EINVAL;
    *child = (struct child){
        .thread.blocked = ((struct libc_thread *)thread_current()->data)->blocked,
        .thread.clear_tid = flags & ABI_CLONE_CHILD_CLEARTID ? clear_id : NULL,
        .start = start,
        .arg = *stack,
        .tls = tls->base_addr,
    };
    struct thread *thread = thread_create_on("pthread", run_child, child, (uintptr_t)child);
    if (!thread)
        return -EAGAIN;
    thread->data = &child->thread;
    if (flags & ABI_CLONE_PARENT_SETTID)
        *parent_id = thread->id;
    return thread->id;
}

SYSCALL(1, exit, void)
{
    end_thread();
}

SYSCALL(158, sched_yield, void)
{
    thread_yield();
    return 0;
}
