/*
 * Signals with handlers. A signal waits (signal_queue.c), for one thread or for the program,
 * until a thread that does not block it comes to the end of a system call, or is interrupted in the
 * program's own code; there the handler is called (signal_frame.c).
 */
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lib/libc/abi.h"
#include "lib/libc/clock.h"
#include "lib/libc/part.h"
#include "lib/libc/program.h"
#include "lib/libc/signal_frame.h"
#include "lib/libc/signal_queue.h"
#include "lib/libc/syscall.h"

PART(signals);
PROGRAM_PREEMPTED;

/* musl's own, which ends a thread at its next cancellation point. The C library sees that
 * by the -EINTR of the call that waited, so the call must not be made again. */
#define SIGCANCEL 33

#define SET_SIZE 8 /* bytes of a set, the only size that musl passes */

struct wait_queue signal_sent = WAIT_QUEUE_INIT(signal_sent);

static struct abi_sigaction actions[ABI_NSIG + 1];

static struct libc_thread *
self(void)
{
    return thread_current()->data;
}

/* Of what was sent to the program, a signal is for the first thread that does not block it: the
 * main one if it does not, as elsewhere, so that a main() in pause() hears of it whatever its
 * threads wait for. */
static uint64_t
mine(void)
{
    uint64_t set = *signal_queue_set(NULL);

    for (struct thread *t = thread_next(NULL); set && t && t != thread_current();
         t = thread_next(t))
        if (t->data)
            set &= ((struct libc_thread *)t->data)->blocked;
    return set;
}

static uint64_t
due(void)
{
    return self() ? (self()->pending | mine()) & ~self()->blocked : 0;
}

bool
signal_waits(void)
{
    return due() != 0;
}

static bool
is_ignored(int number)
{
    return actions[number].handler == ABI_SIG_IGN ||
           (actions[number].handler == ABI_SIG_DFL && signal_ignored_by_default(number));
}

/* One that is blocked waits even so: the thread may ask for it. Of the program's threads the main
 * one's mask counts, as on Linux. */
static bool
is_dropped(int number, const struct libc_thread *thread)
{
    for (struct thread *t = thread_next(NULL); !thread && t; t = thread_next(t))
        thread = t->data;
    return is_ignored(number) && !(thread && thread->blocked & SIGNAL_BIT(number));
}

/* Call the handler; true if the system call that a signal interrupted shall be made again. */
static bool
run(struct abi_siginfo *info, struct trap_frame *frame)
{
    int number = info->signo;
    struct abi_sigaction action = actions[number];
    struct libc_thread *thread = self();
    uint64_t blocked = thread->blocked;

    if (is_ignored(number))
        return true;
    if (action.handler == ABI_SIG_DFL)
        signal_default(number);
    if (action.flags & ABI_SA_RESETHAND)
        actions[number].handler = ABI_SIG_DFL;
    thread->blocked |= action.mask & ~SIGNAL_UNBLOCKABLE;
    if (!(action.flags & ABI_SA_NODEFER))
        thread->blocked |= SIGNAL_BIT(number);
    if (signal_entry) {
        signal_entry->enter(&action, info, blocked);
        return false;
    }
    blocked = signal_call(&action, info, blocked, frame); /* which the handler may have changed */
    thread->blocked = blocked & ~SIGNAL_UNBLOCKABLE;
    return (action.flags & ABI_SA_RESTART) && number != SIGCANCEL;
}

uint64_t
signal_pending_set(void)
{
    return self() ? self()->pending | *signal_queue_set(NULL) : 0;
}

/* The lowest, of those for this thread alone first. */
int
signal_take(uint64_t set, struct abi_siginfo *info)
{
    struct libc_thread *whose = self()->pending & set ? self() : NULL;
    int number = __builtin_ctzll(*signal_queue_set(whose) & set) + 1;
    struct abi_siginfo taken;

    signal_queue_take(number, whose, &taken);
    if (info)
        *info = taken;
    return number;
}

bool
signal_deliver(struct trap_frame *frame)
{
    bool restart = true;
    struct abi_siginfo info;

    for (uint64_t set = due(); set; set = due()) {
        signal_take(set, &info);
        if (!run(&info, frame))
            restart = false;
    }
    return restart;
}

/* One that is blocked or ignored cannot wait: the instruction would be made again, and again. */
bool
signal_is_handled(const struct trap_frame *frame, uintptr_t address, struct abi_siginfo *info)
{
    *info = signal_of_exception(frame, address);
    return self() && actions[info->signo].handler > ABI_SIG_IGN &&
           !(self()->blocked & SIGNAL_BIT(info->signo));
}

void
signal_exception(struct abi_siginfo *info, struct trap_frame *frame)
{
    run(info, frame);
}

/* A signal whose default action ends the program does so at once when any thread would let
 * it: that thread may be asleep where only a device can wake it. */
static bool
ends_at_once(int number)
{
    if (actions[number].handler != ABI_SIG_DFL)
        return false;
    for (struct thread *t = thread_next(NULL); t; t = thread_next(t)) {
        struct libc_thread *thread = t->data;
        if (thread && !(thread->blocked & SIGNAL_BIT(number)))
            return true;
    }
    return false;
}

/* What is always so with one that is sent. False: that was all. */
static bool
shall_wait(int number, const struct libc_thread *thread)
{
    if (is_dropped(number, thread))
        return false;
    if (thread || !ends_at_once(number))
        return true;
    signal_default(number);
    return false;
}

static int
send(const struct abi_siginfo *info, struct libc_thread *thread)
{
    if (!shall_wait(info->signo, thread))
        return 0;
    int error = signal_queue_make(info, thread);
    wake_all(&signal_sent);
    return error;
}

void
signal_send(int number)
{
    (void)send(&(struct abi_siginfo){.signo = number, .code = ABI_SI_KERNEL}, NULL);
}

bool
signal_send_note(struct signal_note *note)
{
    if (!shall_wait(note->info.signo, note->thread))
        return false;
    signal_queue_add(note);
    wake_all(&signal_sent);
    return true;
}

void
signal_thread_ends(struct libc_thread *thread)
{
    signal_queue_forget(UINT64_MAX, thread);
}

struct libc_thread *
signal_thread(int id)
{
    struct thread *t = thread_next(NULL);

    while (t && t->id != id)
        t = thread_next(t);
    return t ? t->data : NULL;
}

static long
send_to_thread(int id, const struct abi_siginfo *info)
{
    struct libc_thread *thread = signal_thread(id);

    if (!thread)
        return -ESRCH;
    if (info->signo < 0 || info->signo > ABI_NSIG)
        return -EINVAL;
    return info->signo ? send(info, thread) : 0;
}

SYSCALL(238, tkill, int id, int number)
{
    return send_to_thread(
        id, &(struct abi_siginfo){.signo = number, .code = ABI_SI_TKILL, .pid = 1});
}

SYSCALL(270, tgkill, UNUSED int group, int id, int number)
{
    return sys_tkill(id, number);
}

/* One process, number 1, which is also its group and everybody. */
static long
send_to_process(int process, const struct abi_siginfo *info)
{
    if (process != 1 && process != 0 && process != -1)
        return -ESRCH;
    if (info->signo < 0 || info->signo > ABI_NSIG)
        return -EINVAL;
    return info->signo ? send(info, NULL) : 0;
}

SYSCALL(37, kill, int process, int number)
{
    return send_to_process(
        process, &(struct abi_siginfo){.signo = number, .code = ABI_SI_USER, .pid = 1});
}

SYSCALL(178, rt_sigqueueinfo, int process, int number, const struct abi_siginfo *from)
{
    struct abi_siginfo info = *from;

    info.signo = number;
    return process < 1 ? -ESRCH : send_to_process(process, &info);
}

SYSCALL(335, rt_tgsigqueueinfo, UNUSED int group, int id, int number,
        const struct abi_siginfo *from)
{
    struct abi_siginfo info = *from;

    info.signo = number;
    return send_to_thread(id, &info);
}

static void
forget_everywhere(int number)
{
    signal_queue_forget(SIGNAL_BIT(number), NULL);
    for (struct thread *t = thread_next(NULL); t; t = thread_next(t))
        if (t->data)
            signal_queue_forget(SIGNAL_BIT(number), t->data);
}

SYSCALL(174, rt_sigaction, int number, const struct abi_sigaction *new,
        struct abi_sigaction *old, size_t size)
{
    if (number < 1 || number > ABI_NSIG || size != SET_SIZE ||
        (new && (SIGNAL_UNBLOCKABLE & SIGNAL_BIT(number))))
        return -EINVAL;
    if (old)
        *old = actions[number];
    if (!new)
        return 0;
    actions[number] = *new;
    if (is_ignored(number))
        forget_everywhere(number);
    return 0;
}

SYSCALL(175, rt_sigprocmask, int how, const uint32_t *halves, uint32_t *old, size_t size)
{
    uint64_t was = self()->blocked, set = 0;

    if (size != SET_SIZE)
        return -EINVAL;
    if (halves)
        set = signal_set(halves);
    if (halves && how == ABI_SIG_BLOCK)
        self()->blocked |= set & ~SIGNAL_UNBLOCKABLE;
    else if (halves && how == ABI_SIG_UNBLOCK)
        self()->blocked &= ~set;
    else if (halves && how == ABI_SIG_SETMASK)
        self()->blocked = set & ~SIGNAL_UNBLOCKABLE;
    else if (halves)
        return -EINVAL;
    if (old) {
        old[0] = (uint32_t)was;
        old[1] = (uint32_t)(was >> 32);
    }
    return 0;
}

SYSCALL(176, rt_sigpending, uint32_t *out, size_t size)
{
    uint64_t set = signal_pending_set() & self()->blocked;

    if (size != SET_SIZE)
        return -EINVAL;
    out[0] = (uint32_t)set;
    out[1] = (uint32_t)(set >> 32);
    return 0;
}

static long
wait_for_signal(void)
{
    struct wait_queue nothing_else = WAIT_QUEUE_INIT(nothing_else);

    while (!signal_waits())
        signal_wait_on(&nothing_else, TIME_NEVER);
    return -EINTR;
}

SYSCALL(29, pause, void)
{
    return wait_for_signal();
}

SYSCALL(179, rt_sigsuspend, const uint32_t *mask, size_t size)
{
    if (size != SET_SIZE)
        return -EINVAL;
    uint64_t was = signal_mask_begin(mask);
    return signal_mask_end(was, wait_for_signal());
}

/* Take one of a set that the caller blocks, as sigwait does, without running a handler. */
static long
wait_for_one(uint64_t set, struct abi_siginfo *info, uint64_t deadline)
{
    struct wait_queue nothing_else = WAIT_QUEUE_INIT(nothing_else);
    int result = 0;

    for (;;) {
        uint64_t waiting = signal_pending_set() & set;
        if (waiting)
            return signal_take(waiting, info);
        if (result)
            return result == -ETIMEDOUT ? -EAGAIN : -EINTR;
        result = signal_wait_on(&nothing_else, deadline); /* blocked ones wake it too */
    }
}

SYSCALL(177, rt_sigtimedwait, const uint32_t *set, struct abi_siginfo *info,
        const struct abi_timespec32 *span, size_t size)
{
    uint64_t deadline;
    int error = clock_deadline32(span, &deadline);

    if (error || size != SET_SIZE)
        return -EINVAL;
    return wait_for_one(signal_set(set), info, deadline);
}

SYSCALL(421, rt_sigtimedwait_time64, const uint32_t *set, struct abi_siginfo *info,
        const struct abi_timespec64 *span, size_t size)
{
    uint64_t deadline;
    int error = clock_deadline64(span, &deadline);

    if (error || size != SET_SIZE)
        return -EINVAL;
    return wait_for_one(signal_set(set), info, deadline);
}
