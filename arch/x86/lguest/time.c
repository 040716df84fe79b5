/*
 * Time on lguest. Where the host vouches for its TSC (tsc_khz is not 0) the clock is the TSC.
 * Elsewhere it is lguest_data.time, which moves only when an interrupt is delivered: so while
 * anybody reads the clock a tick is kept armed, and a loop that waits for a time to come sees
 * it pass. An idle guest reads no clock and gets no ticks.
 *
 * The original arms its timer against its wall clock. When that is set back, ours waits as much
 * longer; each interrupt brings the host's time along, and shows it.
 */
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/lguest/call.h"
#include "arch/x86/lguest/parts.h"
#include "arch/x86/time/scale.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"

#define TICK          (10 * NSEC_PER_MSEC)
#define LONGEST_TIMER 4000000000u /* ns; SET_CLOCKEVENT takes 32 bits */
#define READ_TRIES    100

static struct scale tsc_scale; /* multiplier 0: no TSC to rely on */
static uint64_t tsc_base;
static uint64_t host_base;   /* the host's wall clock at INIT, ns since 1970 */
static uint64_t host_latest; /* as it was last read */
static uint64_t passed;      /* the slow clock: what went by on the host's, forwards only */
static uint64_t deadline = TIME_NEVER;
static bool watched; /* somebody read the slow clock since the last tick */
static int64_t host_lead; /* of the host's clock before the TSC's, ns, at the last interrupt */

/* The seconds are read on both sides of the nanoseconds: the host may write between them. */
static uint64_t
host_time(void)
{
    uint32_t sec, nsec, again = lguest_data.time_sec;
    int tries = READ_TRIES;

    do {
        sec = again;
        nsec = lguest_data.time_nsec;
        again = lguest_data.time_sec;
    } while (sec != again && --tries);
    return sec * NSEC_PER_SEC + MIN(nsec, (uint32_t)NSEC_PER_SEC - 1);
}

/* A host that sets its clock back costs this clock no more than what lies between two readings,
 * for the timer see lguest_timer_check. Interrupts are off. */
static uint64_t
slow_clock(void)
{
    uint64_t now = host_time();

    if (now > host_latest)
        passed += now - host_latest;
    host_latest = now;
    return passed;
}

static uint64_t
now_ns(void)
{
    if (tsc_scale.mult)
        return scale_apply(tsc_scale, cpu_tsc() - tsc_base);
    return slow_clock();
}

/* The nearer one of the deadline and, while the slow clock is watched, the tick. */
static void
set_clockevent(void)
{
    uint64_t now = now_ns();
    uint64_t delay = deadline > now ? deadline - now : 1;

    if (watched)
        delay = MIN(delay, TICK);
    lguest_call(LHCALL_SET_CLOCKEVENT, (uint32_t)MIN(delay, LONGEST_TIMER), 0, 0);
}

void
lguest_time_init(void)
{
    host_base = host_latest = host_time();
    host_lead = (int64_t)host_base;
    tsc_base = cpu_tsc();
    tsc_scale = lguest_data.tsc_khz ? scale_make(lguest_data.tsc_khz * 1000ull, NSEC_PER_SEC)
                                    : (struct scale){0};
}

/* The timer's interrupt reads and sets the slow clock as well, hence interrupts off. Who reads with
 * interrupts off notes a moment (the idle loop does), and waits for none. */
uint64_t
lguest_clock(void)
{
    if (tsc_scale.mult)
        return now_ns();

    bool on = lguest_irq_save();
    uint64_t now = slow_clock();
    if (on && !watched) {
        watched = true;
        set_clockevent();
    }
    lguest_irq_restore(on);
    return now;
}

uint64_t
lguest_wall_base(void)
{
    return host_base;
}

void
lguest_timer_arm(uint64_t when)
{
    bool on = lguest_irq_save();

    deadline = when;
    if (when == TIME_NEVER && !watched)
        lguest_call(LHCALL_SET_CLOCKEVENT, 0, 0, 0);
    else
        set_clockevent();
    lguest_irq_restore(on);
}

/*
 * Did the host set its clock back since the last interrupt? Without a TSC only what goes behind
 * the last reading is seen: a step of 15 s that comes 20 s after it looks like 5 s gone by. Then
 * the timer is late by the step.
 */
static bool
host_went_back(void)
{
    uint64_t last = host_latest;

    if (!tsc_scale.mult) {
        slow_clock();
        return host_latest < last;
    }
    int64_t lead = (int64_t)(host_time() - now_ns());
    bool back = lead < host_lead - (int64_t)TICK; /* less is the clock's being slewed */
    host_lead = lead;
    return back;
}

void
lguest_timer_check(void)
{
    if (host_went_back() && (deadline != TIME_NEVER || watched))
        set_clockevent();
}

/* A tick, or a piece of a deadline too far away for one call, is nobody's business above. */
void
lguest_timer_tick(uintptr_t eip, uintptr_t ebp)
{
    watched = false;
    if (now_ns() >= deadline) {
        deadline = TIME_NEVER;
        timer_interrupt(eip, ebp);
    } else if (deadline != TIME_NEVER) {
        set_clockevent();
    }
}
