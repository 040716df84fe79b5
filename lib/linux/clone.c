/*
 * Threads as Linux programs make them: clone returns twice, the second time on the stack of the new
 * thread with the registers of the first. C libraries go on from there to their start function, each in
 * its own way; Go's runtime, too.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/libc/futex.h"
#include "lib/libc/part.h"
#include "lib/linux/program.h"

PART(linux_clone);

#define STACK_SIZE   (16 * 1024) /* of the kernel's, for one thread */
#define FLAGS_NEEDED (ABI_CLONE_VM | ABI_CLONE_THREAD)
#define MUNMAP       91

static void
run_child(void *arg)
{
    struct linux_thread *self = arg;

    self->stack = (uintptr_t)__builtin_frame_address(0) & ~15u;
    linux_leave();
}

static long
no_process(const char *name)
{
    static bool told;

    if (!told)
        log_warn("%s: there is one process, and no second one can be made", name);
    told = true;
    return -ENOSYS;
}

LINUX_CALL(120, clone, true, unsigned flags, uintptr_t stack, int *parent_id,
           const struct abi_user_desc *tls, uint32_t *child_id)
{
    if ((flags & FLAGS_NEEDED) != FLAGS_NEEDED)
        return no_process("clone");
    struct linux_thread *self = linux_self(), *child = kmalloc(sizeof(*child));
    if (!child)
        return -ENOMEM;
    child->libc.blocked = self->libc.blocked;
    child->libc.clear_tid = flags & ABI_CLONE_CHILD_CLEARTID ? child_id : NULL;
    memcpy(child->fpu, self->fpu, sizeof(child->fpu));
    child->regs = self->regs;
    child->regs.frame.eax = 0;
    if (stack)
        child->regs.esp = stack;
    struct thread *thread = thread_create("program", run_child, child, STACK_SIZE);
    if (!thread) {
        kfree(child);
        return -EAGAIN;
    }
    thread->data = child;
    thread->tls = flags & ABI_CLONE_SETTLS ? tls->base_addr : thread_current()->tls;
    if (flags & ABI_CLONE_PARENT_SETTID)
        *parent_id = thread->id;
    if (flags & ABI_CLONE_CHILD_SETTID)
        *child_id = (uint32_t)thread->id;
    return thread->id;
}

LINUX_CALL(2, fork, true, void)
{
    return no_process("fork");
}

LINUX_CALL(190, vfork, true, void)
{
    return no_process("vfork");
}

/* ---- the end of one ---- */

LINUX_CALL(1, exit, true, int status)
{
    struct linux_thread *self = linux_self();
    bool last = true;

    for (struct thread *t = thread_next(NULL); t; t = thread_next(t))
        last = last && (!t->data || t == thread_current());
    if (last)
        kernel_leave(status & 255);
    signal_thread_ends(&self->libc);
    if (self->libc.clear_tid) {
        *self->libc.clear_tid = 0;
        futex_wake(self->libc.clear_tid, 1);
    }
    if (self->farewell.len)
        linux_original(MUNMAP, (long)self->farewell.base, (long)self->farewell.len, 0, 0, 0, 0);
    thread_current()->data = NULL;
    if (thread_current()->id != 1) /* the first one's is not from kmalloc */
        kfree(self);
    thread_exit();
}
