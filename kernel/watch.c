/*
 * A system without preemption, as the kernel is, stands still when one thread spins. It is worth saying so: the timer
 * interrupt, armed at least every WATCH_PERIOD, looks whether a known point was passed since
 * the last one; if not, one line and a backtrace name what runs. Said once per standstill.
 *
 * When the last known point was is not known, only that it lies between two ticks: noting the
 * time would cost each of them a reading of the clock, and more ticks would wake an idle guest.
 * So the line comes one to two periods after it, and says the least that it can have been.
 *
 * This is the one place where an interrupt handler writes to the log: the thread that it
 * interrupted will not do it, and consoles can stand being interrupted (panic needs that too).
 */
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/thread.h"
#include "kernel/watch.h"

static uint32_t points; /* passed so far; wraps harmlessly */
static uint32_t seen;   /* as of the tick at `since` */
static uint64_t since;  /* when `seen` was first seen */
static bool said;

void
watch_known_point(void)
{
    points++;
}

void
watch_tick(uintptr_t eip, uintptr_t ebp)
{
    uint64_t now = clock_now();

    if (points != seen) {
        seen = points;
        since = now;
        said = false;
        return;
    }
    if (said || now - since < WATCH_PERIOD)
        return;
    said = true;
    log_warn("thread %s has run for %u s or more without giving way to the others:",
             thread_current() ? thread_current()->name : "boot",
             (unsigned)((now - since) / NSEC_PER_SEC));
    backtrace(eip, ebp);
}
