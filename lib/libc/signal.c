/*
 * Signals with handlers. A signal is a bit that waits, for one thread or for the program,
 * until a thread that does not block it comes to the end of a system call; there the handler
 * is called. No frame is built on a stack and nothing returns through sigreturn, since no code
 * is ever interrupted in its middle.
 */
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lib/libc/abi.h"
#include "lib/libc/clock.h"
#include "lib/libc/part.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

PART(signals);

/* musl's own, which ends a thread at its next cancellation point. The C library sees that
 * by the -EINTR of the call that waited, so the call must not be made again. */
#define SIGCANCEL 33

#define SET_SIZE 8 /* bytes of a set, the only size that musl passes */

struct wait_queue signal_sent = WAIT_QUEUE_INIT(signal_sent);

static struct abi_sigaction actions[ABI_NSIG + 1];
static uint64_t pending; /* sent to the program, not to one thread */

static struct libc_thread *
self(void)
{
    return thread_current()->data;
}

static uint64_t
to_set(const uint32_t *halves)
{
    return halves[0] | (uint64_t)halves[1] << 32;
}

/* Of what was sent to the program, a signal is for the first thread that does not block it: the
 * main one if it does not, as elsewhere, so that a main() in pause() hears of it whatever its
 * threads wait for. */
static uint64_t
mine(void)
{
    uint64_t set = pending;

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

/* Call the handler; true if the system call that a signal interrupted shall be made again. */
static bool
run(int number)
{
    struct abi_sigaction action = actions[number];
    struct libc_thread *thread = self();
    struct abi_siginfo info = {.signo = number, .pid = 1};
    struct abi_ucontext context = {.mask = thread->blocked};

    if (is_ignored(number))
        return true;
    if (action.handler == ABI_SIG_DFL)
        signal_default(number);
    if (action.flags & ABI_SA_RESETHAND)
        actions[number].handler = ABI_SIG_DFL;
    thread->blocked |= action.mask & ~SIGNAL_UNBLOCKABLE;
    if (!(action.flags & ABI_SA_NODEFER))
        thread->blocked |= SIGNAL_BIT(number);
    if (action.flags & ABI_SA_SIGINFO)
        ((void (*)(int, struct abi_siginfo *, struct abi_ucontext *))action.handler)(
            number, &info, &context);
    else
        ((void (*)(int))action.handler)(number);
    thread->blocked = context.mask & ~SIGNAL_UNBLOCKABLE; /* the handler may have changed it */
    return (action.flags & ABI_SA_RESTART) && number != SIGCANCEL;
}

/* The lowest signal of a set of waiting ones; it waits no longer. */
static int
take_lowest(uint64_t set)
{
    int number = __builtin_ctzll(set) + 1;

    if (self()->pending & SIGNAL_BIT(number))
        self()->pending &= ~SIGNAL_BIT(number);
    else
        pending &= ~SIGNAL_BIT(number);
    return number;
}

bool
signal_deliver(void)
{
    bool restart = true;

    for (uint64_t set = due(); set; set = due()) {
        if (!run(take_lowest(set)))
            restart = false;
    }
    return restart;
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

void
signal_send(int number)
{
    if (is_ignored(number))
        return;
    if (ends_at_once(number)) {
        signal_default(number);
        return;
    }
    pending |= SIGNAL_BIT(number);
    wake_all(&signal_sent);
}

static long
send_to_thread(int id, int number)
{
    struct thread *t = thread_next(NULL);

    while (t && t->id != id)
        t = thread_next(t);
    if (!t || !t->data)
        return -ESRCH;
    if (number < 0 || number > ABI_NSIG)
        return -EINVAL;
    if (number == 0 || is_ignored(number))
        return 0;
    ((struct libc_thread *)t->data)->pending |= SIGNAL_BIT(number);
    wake_all(&signal_sent);
    return 0;
}

SYSCALL(238, tkill, int id, int number)
{
    return send_to_thread(id, number);
}

SYSCALL(270, tgkill, UNUSED int group, int id, int number)
{
    return send_to_thread(id, number);
}

/* One process, number 1, which is also its group and everybody. */
SYSCALL(37, kill, int process, int number)
{
    if (process != 1 && process != 0 && process != -1)
        return -ESRCH;
    if (number < 0 || number > ABI_NSIG)
        return -EINVAL;
    if (number != 0)
        signal_send(number);
    return 0;
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
        pending &= ~SIGNAL_BIT(number);
    return 0;
}

SYSCALL(175, rt_sigprocmask, int how, const uint32_t *halves, uint32_t *old, size_t size)
{
    uint64_t was = self()->blocked, set = 0;

    if (size != SET_SIZE)
        return -EINVAL;
    if (halves)
        set = to_set(halves);
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
    uint64_t set = (self()->pending | pending) & self()->blocked;

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
        uint64_t waiting = (self()->pending | pending) & set;
        if (waiting) {
            int number = take_lowest(waiting);
            if (info)
                *info = (struct abi_siginfo){.signo = number, .pid = 1};
            return number;
        }
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
    return wait_for_one(to_set(set), info, deadline);
}

SYSCALL(421, rt_sigtimedwait_time64, const uint32_t *set, struct abi_siginfo *info,
        const struct abi_timespec64 *span, size_t size)
{
    uint64_t deadline;
    int error = clock_deadline64(span, &deadline);

    if (error || size != SET_SIZE)
        return -EINVAL;
    return wait_for_one(to_set(set), info, deadline);
}
