/*
 * timer_create and its calls: timers that send a signal, to the program or to one thread (by which
 * the C library serves SIGEV_THREAD), or that only count. A timer has one signal: while it waits
 * the times that are over are overruns, which its receiver is told.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "lib/libc/interval.h"
#include "lib/libc/part.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

PART(timers);

#define TIMER_ABSTIME 1

enum { SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD, SIGEV_THREAD_ID = 4 };

struct timer_made {
    struct list link; /* of all */
    int id;
    int notify, thread;
    struct interval interval;
    struct signal_note note;
    uint64_t overruns; /* behind the time whose signal was the last to be taken */
};

static struct list all = LIST_INIT(all);
static int next_id;

static uint32_t
told(uint64_t overruns)
{
    return (uint32_t)MIN(overruns, (uint64_t)INT32_MAX);
}

static void
taken(struct signal_note *note)
{
    struct timer_made *t = container_of(note, struct timer_made, note);

    t->overruns = interval_go_on(&t->interval);
    note->info.uid = (int32_t)told(t->overruns);
}

/* One that nobody gets goes on at once, but looks no more often than each millisecond, or a short
 * interval would keep the machine busy with nothing. */
static void
fired(void *arg)
{
    struct timer_made *t = arg;

    if (!interval_fired(&t->interval))
        return;
    t->note.thread = t->notify == SIGEV_THREAD_ID ? signal_thread(t->thread) : NULL;
    if (t->notify == SIGEV_THREAD_ID && !t->note.thread)
        return; /* for ever: there will be no such thread again */
    if (signal_send_note(&t->note))
        return;
    (void)interval_go_on(&t->interval);
    if (t->interval.on)
        timer_set(&t->interval.timer,
                  MAX(t->interval.timer.deadline, clock_now() + NSEC_PER_MSEC));
}

static struct timer_made *
find(int id)
{
    list_foreach(link, &all) if (container_of(link, struct timer_made, link)->id ==
                                 id) return container_of(link, struct timer_made, link);
    return NULL;
}

static int
check_event(const struct abi_sigevent *event)
{
    if (event->notify == SIGEV_NONE)
        return 0;
    if (event->notify != SIGEV_SIGNAL && event->notify != SIGEV_THREAD &&
        !(event->notify == SIGEV_THREAD_ID && signal_thread(event->thread)))
        return -EINVAL;
    return event->signo > 0 && event->signo <= ABI_NSIG ? 0 : -EINVAL;
}

SYSCALL(259, timer_create, int clock, const struct abi_sigevent *wanted, int *id)
{
    struct abi_sigevent event = {.value = (uint32_t)next_id, .signo = ABI_SIGALRM};
    int error = interval_clock_check(clock);

    if (wanted)
        event = *wanted;
    error = error ? error : check_event(&event);
    if (error)
        return error;
    struct timer_made *t = kmalloc(sizeof(*t));
    if (!t)
        return -EAGAIN;
    *t = (struct timer_made){
        .id = next_id,
        .notify = event.notify,
        .thread = event.thread,
        .interval = {.timer = {.fire = fired, .arg = t}, .clock = clock},
        .note = {.taken = taken,
                 .info = {.signo = event.signo,
                          .code = ABI_SI_TIMER,
                          .pid = next_id,
                          .value = event.value}},
    };
    next_id = (next_id + 1) & INT32_MAX;
    list_append(&all, &t->link);
    *id = t->id;
    return 0;
}

/* One that is over and whose signal still waits has a little left, since 0 would mean off. */
static struct interval_setting
left(const struct timer_made *t)
{
    struct interval_setting setting = interval_left(&t->interval);

    if (t->interval.on && !setting.value && t->notify != SIGEV_NONE)
        setting.value = 1;
    return setting;
}

static int
set(int id, unsigned flags, struct interval_setting new, struct interval_setting *old)
{
    struct timer_made *t = find(id);

    if (!t)
        return -EINVAL;
    *old = left(t);
    signal_take_back(&t->note);
    t->overruns = 0;
    interval_set(&t->interval, new, flags & TIMER_ABSTIME, t->notify == SIGEV_NONE);
    return 0;
}

SYSCALL(260, timer_settime, int id, unsigned flags, const struct abi_itimerspec32 *new,
        struct abi_itimerspec32 *old)
{
    struct interval_setting setting, was;
    int error = new ? interval_in32(new, &setting) : -EINVAL;

    error = error ? error : set(id, flags, setting, &was);
    if (!error && old)
        interval_out32(was, old);
    return error;
}

SYSCALL(409, timer_settime64, int id, unsigned flags, const struct abi_itimerspec64 *new,
        struct abi_itimerspec64 *old)
{
    struct interval_setting setting, was;
    int error = new ? interval_in64(new, &setting) : -EINVAL;

    error = error ? error : set(id, flags, setting, &was);
    if (!error && old)
        interval_out64(was, old);
    return error;
}

SYSCALL(261, timer_gettime, int id, struct abi_itimerspec32 *out)
{
    const struct timer_made *t = find(id);

    if (t)
        interval_out32(left(t), out);
    return t ? 0 : -EINVAL;
}

SYSCALL(408, timer_gettime64, int id, struct abi_itimerspec64 *out)
{
    const struct timer_made *t = find(id);

    if (t)
        interval_out64(left(t), out);
    return t ? 0 : -EINVAL;
}

SYSCALL(262, timer_getoverrun, int id)
{
    const struct timer_made *t = find(id);

    return t ? (long)told(t->overruns) : -EINVAL;
}

SYSCALL(263, timer_delete, int id)
{
    struct timer_made *t = find(id);

    if (!t)
        return -EINVAL;
    timer_cancel(&t->interval.timer);
    signal_take_back(&t->note);
    list_remove(&t->link);
    kfree(t);
    return 0;
}
