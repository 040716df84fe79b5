/*
 * Handlers as Linux enters them: a frame on the program's stack (or the one of sigaltstack) with the
 * registers of the interrupted code, its mask, coprocessor and SSE, and the way back by sigreturn, which
 * takes all of it from there again, as the handler may have changed it. The layout is Linux's
 * (arch/x86/include/asm/sigframe.h and uapi/asm/sigcontext.h): programs look into it.
 */
#include "arch/x86/cpu/cpu.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lib/linux/program.h"

#define SA_RESTORER    0x04000000u
#define SS_AUTODISARM  0x80000000u /* taken, and not done: handlers find their stack set */
#define INT_LENGTH     2
#define RT_SIGACTION   174
#define RT_SIGPROCMASK 175
#define RT_SIGPENDING  176
#define RT_SIGSUSPEND  179
#define SET_SIZE       8
#define UC_FP_XSTATE   0 /* flags: no XSAVE area behind */

/* What a program may change: AC OF DF TF SF ZF AF PF CF (Intel SDM vol. 1, 3.4.3). */
#define FLAGS_OWN  0x40dd5u
#define FLAGS_CALL 0x500u /* DF and TF, clear when a handler starts */
#define MXCSR_AT   24     /* in FXSAVE's area; bits beyond the mask fault when they are loaded */
#define MXCSR_MASK 0xffffu

/* struct sigcontext: a row of words. */
struct context {
    uint32_t gs, fs, es, ds, edi, esi, ebp, esp, ebx, edx, ecx, eax, trap, error, eip, cs, eflags,
        esp_at_signal, ss, fpu, old_mask, cr2;
};

/* struct _fpstate: FSAVE's area with a status word, and FXSAVE's behind it. */
struct fpu_state {
    uint32_t control, status, tag, rest[24];
    uint16_t status_again, magic; /* 0: FXSAVE's area is there */
    uint8_t fxsave[LINUX_FPU_SIZE];
};

struct frame {
    uint32_t back, number;
    struct context context;
    uint32_t mask_high;
    uint8_t code[8];
};

struct rt_frame {
    uint32_t back, number, info_at, ucontext_at;
    struct abi_siginfo info;
    struct {
        uint32_t flags, link;
        struct abi_stack stack;
        struct context context;
        uint32_t mask[2];
    } ucontext;
    uint8_t code[8];
};

/* The way back of programs without SA_RESTORER. */
extern const char linux_return[], linux_rt_return[]; /* entry.S */

/* ---- in ---- */

static struct context
context_of(const struct linux_thread *self, const struct abi_siginfo *info, uint32_t fpu,
           uint64_t mask)
{
    const struct trap_frame *f = &self->regs.frame;
    uint32_t data, gs;

    __asm__("movl %%ds, %0\n\tmovl %%gs, %1" : "=r"(data), "=r"(gs));
    return (struct context){
        .gs = gs,
        .es = data,
        .ds = data,
        .edi = f->edi,
        .esi = f->esi,
        .ebp = f->ebp,
        .esp = self->regs.esp,
        .ebx = f->ebx,
        .edx = f->edx,
        .ecx = f->ecx,
        .eax = f->eax,
        .trap = f->vector < TRAP_EXCEPTIONS ? f->vector : 0,
        .error = f->vector < TRAP_EXCEPTIONS ? f->error : 0,
        .eip = f->eip,
        .cs = f->cs,
        .eflags = f->eflags,
        .esp_at_signal = self->regs.esp,
        .ss = data,
        .fpu = fpu,
        .old_mask = (uint32_t)mask,
        .cr2 = f->vector == TRAP_PAGE_FAULT ? (uint32_t)info->pid : 0,
    };
}

static bool
on_alternate(const struct linux_thread *self)
{
    return self->regs.esp - self->libc.other_stack.base <= self->libc.other_stack.size && self->libc.other_stack.size;
}

static uint32_t
put_fpu(const struct linux_thread *self, uintptr_t *top)
{
    *top = (*top - sizeof(struct fpu_state)) & ~15u; /* FXSAVE's part is aligned then, too */
    struct fpu_state *state = (struct fpu_state *)*top;
    memset(state, 0, sizeof(*state) - LINUX_FPU_SIZE);
    state->control = 0xffff0000u | *(const uint16_t *)self->fpu;
    state->status = 0xffff0000u | *(const uint16_t *)(self->fpu + 2);
    state->tag = 0xffffffffu;
    state->status_again = (uint16_t)state->status;
    memcpy(state->fxsave, self->fpu, LINUX_FPU_SIZE);
    return (uint32_t)*top;
}

/* A function's stack: its return address lies 4 below a multiple of 16. */
static void *
frame_at(uintptr_t top, size_t size)
{
    return (void *)(((top - size + 4) & ~15u) - 4);
}

static void
enter(const struct abi_sigaction *action, const struct abi_siginfo *info, uint64_t blocked)
{
    struct linux_thread *self = linux_self();
    struct trap_frame *f = &self->regs.frame;
    bool alternate = (action->flags & ABI_SA_ONSTACK) && self->libc.other_stack.size && !on_alternate(self);
    uintptr_t top = alternate ? self->libc.other_stack.base + self->libc.other_stack.size : self->regs.esp;

    if (self->may_restart && (action->flags & ABI_SA_RESTART)) {
        f->eax = self->number;
        f->eip -= INT_LENGTH;
    }
    self->may_restart = false;
    if (self->unmask_later)
        blocked = self->unmask;
    self->unmask_later = false;

    uint32_t fpu = put_fpu(self, &top);
    struct context context = context_of(self, info, fpu, blocked);
    linux_fpu_fresh(self->fpu);
    bool restorer = action->flags & SA_RESTORER;
    uintptr_t sp;
    if (action->flags & ABI_SA_SIGINFO) {
        struct rt_frame *frame = frame_at(top, sizeof(*frame));
        *frame = (struct rt_frame){
            .back = restorer ? action->restorer : (uintptr_t)linux_rt_return,
            .number = (uint32_t)info->signo,
            .info_at = (uintptr_t)&frame->info,
            .ucontext_at = (uintptr_t)&frame->ucontext,
            .info = *info,
            .ucontext = {.flags = UC_FP_XSTATE,
                         .stack = self->libc.other_stack,
                         .context = context,
                         .mask = {(uint32_t)blocked, (uint32_t)(blocked >> 32)}},
        };
        f->edx = frame->info_at;
        f->ecx = frame->ucontext_at;
        sp = (uintptr_t)frame;
    } else {
        struct frame *frame = frame_at(top, sizeof(*frame));
        *frame = (struct frame){
            .back = restorer ? action->restorer : (uintptr_t)linux_return,
            .number = (uint32_t)info->signo,
            .context = context,
            .mask_high = (uint32_t)(blocked >> 32),
        };
        f->edx = f->ecx = 0;
        sp = (uintptr_t)frame;
    }
    f->eax = (uint32_t)info->signo;
    f->eip = action->handler;
    f->eflags &= ~FLAGS_CALL;
    self->regs.esp = sp;
    self->replaced = true; /* coprocessor and SSE are loaded anew, too */
}

static void
unmask_later(uint64_t blocked)
{
    struct linux_thread *self = linux_self();

    self->unmask = blocked;
    self->unmask_later = true;
}

/* ---- back ---- */

static long
resume(const struct context *c, uint64_t mask)
{
    struct linux_thread *self = linux_self();
    struct trap_frame *f = &self->regs.frame;

    f->edi = c->edi;
    f->esi = c->esi;
    f->ebp = c->ebp;
    f->ebx = c->ebx;
    f->edx = c->edx;
    f->ecx = c->ecx;
    f->eax = c->eax;
    f->eip = c->eip;
    f->eflags = (f->eflags & ~FLAGS_OWN) | (c->eflags & FLAGS_OWN);
    self->regs.esp = c->esp;
    self->libc.blocked = mask & ~SIGNAL_UNBLOCKABLE;
    self->replaced = true;
    if (c->fpu) {
        memcpy(self->fpu, ((const struct fpu_state *)c->fpu)->fxsave, LINUX_FPU_SIZE);
        *(uint32_t *)(self->fpu + MXCSR_AT) &= MXCSR_MASK;
    }
    return 0;
}

/* The handler's return took the first word of the frame, and the restorer the number. */
LINUX_CALL(119, sigreturn, true, void)
{
    const struct frame *frame = (const struct frame *)(linux_self()->regs.esp - 8);

    return resume(&frame->context, frame->context.old_mask | (uint64_t)frame->mask_high << 32);
}

LINUX_CALL(173, rt_sigreturn, true, void)
{
    const struct rt_frame *frame = (const struct rt_frame *)(linux_self()->regs.esp - 4);

    return resume(&frame->ucontext.context, signal_set(frame->ucontext.mask));
}

LINUX_CALL(186, sigaltstack, true, const struct abi_stack *new, struct abi_stack *old)
{
    struct linux_thread *self = linux_self();
    struct abi_stack was = self->libc.other_stack;
    bool busy = on_alternate(self);

    was.flags = busy ? ABI_SS_ONSTACK : was.size ? 0 : ABI_SS_DISABLE;
    if (new && busy)
        return -EPERM;
    if (new && (new->flags & ~(ABI_SS_DISABLE | ABI_SS_ONSTACK | SS_AUTODISARM)))
        return -EINVAL;
    if (new && !(new->flags & ABI_SS_DISABLE) && new->size < ABI_MINSIGSTKSZ)
        return -ENOMEM;
    if (new)
        self->libc.other_stack =
            new->flags & ABI_SS_DISABLE ? (struct abi_stack){0} : (struct abi_stack){new->base, 0, new->size};
    if (old)
        *old = was;
    return 0;
}

/* ---- the calls of old, with sets of 32 signals ---- */

struct old_action {
    uint32_t handler, mask, flags, restorer;
};

LINUX_CALL(67, sigaction, false, int number, const struct old_action *new, struct old_action *old)
{
    struct abi_sigaction action, was;

    if (new)
        action = (struct abi_sigaction){new->handler, new->flags, new->restorer, new->mask};
    long error = linux_call(RT_SIGACTION, number, new ? (long)&action : 0, (long)&was, SET_SIZE, 0, 0);
    if (!error && old)
        *old = (struct old_action){was.handler, (uint32_t)was.mask, was.flags, was.restorer};
    return error;
}

LINUX_CALL(48, signal, false, int number, uintptr_t handler)
{
    struct abi_sigaction action = {.handler = handler, .flags = ABI_SA_RESETHAND | ABI_SA_NODEFER}, was;
    long error = linux_call(RT_SIGACTION, number, (long)&action, (long)&was, SET_SIZE, 0, 0);

    return error ? error : (long)was.handler;
}

LINUX_CALL(126, sigprocmask, false, int how, const uint32_t *new, uint32_t *old)
{
    uint32_t set[2] = {new ? *new : 0, 0}, was[2];

    if (new && how == ABI_SIG_SETMASK)
        set[1] = (uint32_t)(linux_self()->libc.blocked >> 32);
    long error = linux_call(RT_SIGPROCMASK, how, new ? (long)set : 0, (long)was, SET_SIZE, 0, 0);
    if (!error && old)
        *old = was[0];
    return error;
}

LINUX_CALL(73, sigpending, false, uint32_t *out)
{
    uint32_t set[2];
    long error = linux_call(RT_SIGPENDING, (long)set, SET_SIZE, 0, 0, 0, 0);

    if (!error)
        *out = set[0];
    return error;
}

LINUX_CALL(72, sigsuspend, false, UNUSED int unused, UNUSED int unused_too, uint32_t mask)
{
    uint32_t set[2] = {mask, 0};

    return linux_call(RT_SIGSUSPEND, (long)set, SET_SIZE, 0, 0, 0, 0);
}

/* ---- start ---- */

void
linux_signals_reset(void)
{
    struct abi_sigaction action;

    for (int number = 1; number <= ABI_NSIG; number++) {
        long error = linux_call(RT_SIGACTION, number, 0, (long)&action, SET_SIZE, 0, 0);
        if (error || action.handler == ABI_SIG_IGN || action.handler == ABI_SIG_DFL)
            continue;
        action = (struct abi_sigaction){.handler = ABI_SIG_DFL};
        linux_call(RT_SIGACTION, number, (long)&action, 0, SET_SIZE, 0, 0);
    }
}

void
linux_signals_init(void)
{
    static const struct signal_entry entry = {enter, unmask_later};

    signal_entry = &entry;
}
