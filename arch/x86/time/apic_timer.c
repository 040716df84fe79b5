/*
 * The local APIC's timer as the PC's one-shot timer (Intel SDM vol. 3, 11.5.4): it counts down
 * once, or, where the CPU can, waits for a value of the time stamp counter.
 *
 * How fast either counts is nowhere to be read on many machines, and nobody waits to measure
 * it: at first it is taken to be slower than any is, so that the interrupt comes too early,
 * which it may; each stretch that was counted then says more precisely how fast it really is.
 */
#include "arch/x86/irq/apic.h"
#include "arch/x86/time/clock.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/time/timer.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"

#define HZ_MIN 1000000u
#define HZ_MAX 16000000000u

#define STRETCH_MIN  (100 * NSEC_PER_USEC) /* tells the rate to a hundredth */
#define STRETCH_GOOD (10 * NSEC_PER_MSEC)  /* any of this length is good enough */
#define LOAD_MAX     (60 * NSEC_PER_SEC)
#define GRAIN        64 /* ns; so many of them that LOAD_MAX times HZ_MAX is below 2^64 */

static bool by_tsc;
static uint64_t hz;        /* as far as is known */
static uint64_t stretch;   /* that it was measured over, ns; STRETCH_GOOD at most */
static uint64_t loaded_at; /* when the count began */
static uint64_t loaded; /* by_tsc: the counter then; else the ticks loaded, 0 once they ran */
static void (*timer_handler)(const struct trap_frame *frame);

/* `ticks` were counted since the load. */
static void
learn(uint64_t now, uint64_t ticks)
{
    uint64_t ns = now - loaded_at;

    if (ns < STRETCH_MIN || ns < stretch)
        return;
    stretch = MIN(ns, STRETCH_GOOD);
    for (; ticks >> 32; ticks >>= 1) /* keeps the product in 64 bits */
        ns >>= 1;
    hz = MIN(MAX(ticks * NSEC_PER_SEC / MAX(ns, 1u), HZ_MIN), HZ_MAX);
}

static void
learn_before_load(uint64_t now, uint64_t tsc)
{
    uint32_t left = by_tsc || !loaded ? 0 : apic_timer_left();

    if (by_tsc)
        learn(now, tsc - loaded);
    else if (left) /* at 0 it has stopped, who knows when */
        learn(now, loaded - left);
}

static void
load(uint64_t now, uint64_t ns)
{
    uint64_t tsc = by_tsc ? cpu_tsc() : 0;

    learn_before_load(now, tsc);
    ns = MIN(ns, LOAD_MAX);
    uint64_t ticks = (ns / GRAIN + 1) * hz / (NSEC_PER_SEC / GRAIN) + 1;
    loaded_at = now;
    if (by_tsc) {
        loaded = tsc;
        cpu_set_msr(MSR_TSC_DEADLINE, tsc + ticks);
    } else {
        loaded = MIN(ticks, UINT32_MAX);
        apic_timer_load((uint32_t)loaded);
    }
}

static void
interrupt(const struct trap_frame *frame)
{
    if (!by_tsc && loaded) {
        learn(clock_read(), loaded);
        loaded = 0;
    }
    timer_handler(frame);
}

static int
init(void (*handler)(const struct trap_frame *frame))
{
    if (!apic_present())
        return -ENODEV;
    timer_handler = handler;
    by_tsc = cpu_id(1).ecx & CPUID_1_ECX_DEADLINE;
    hz = HZ_MIN;
    stretch = 0;
    loaded_at = clock_read();
    loaded = by_tsc ? cpu_tsc() : UINT32_MAX;
    apic_timer_attach(interrupt, by_tsc);
    if (!by_tsc)
        apic_timer_load(UINT32_MAX); /* so that the first load has a stretch to learn from */
    return 0;
}

const struct timer_chip apic_timer = {.init = init, .load = load};
