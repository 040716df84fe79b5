/*
 * The PC's monotonic clock: KVM's own where that is offered, else the time stamp counter where
 * it can be relied on, else a slow counter: the 8254, or ACPI's timer on a PC without one.
 *
 * The time stamp counter's frequency is what CPUID says; where it says nothing it is measured
 * against the slow counter, and nobody waits for that: the measurement starts with the clock,
 * the time is read off the slow counter while it lasts, and the first reading after
 * MEASURE_NS fixes the rate for good. The clock changes horses at one instant at which both
 * agree, so it never goes backwards. Should nobody read it before the slow counter has come
 * round, it starts over.
 *
 * A clock that still uses a slow counter has to be read before that comes round: clock_read_by
 * makes the timer interrupt see to it.
 */
#include "arch/x86/time/clock.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/time/pit.h"
#include "arch/x86/time/pm_timer.h"
#include "arch/x86/time/pvclock.h"
#include "arch/x86/time/scale.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"

#define MEASURE_NS (30 * NSEC_PER_MSEC) /* a pair of readings is 2 us wide */
#define RATE_NS    NSEC_PER_MSEC        /* good to some parts in a thousand */
#define PAIR_TRIES 4

#define HZ_MIN   1000000u
#define HZ_GUESS 2000000000u /* where nothing tells it */

/* A counter of known frequency that comes round too soon to be a clock by itself. */
struct counter {
    uint32_t hz;
    uint32_t round;      /* ticks, a power of two */
    uint64_t read_every; /* ns: well before it comes round */
    bool (*start)(void); /* from 0; false if there is none */
    uint32_t (*count)(void);
    bool (*came_round)(void); /* since the start, as far as that can be seen */
};

static const struct counter pit = {
    PIT_HZ, PIT_ROUND, 31 * NSEC_PER_MSEC, pit_count_start, pit_count, pit_count_round,
};
static const struct counter pm_timer = {
    PM_TIMER_HZ,    PM_TIMER_ROUND, 2 * NSEC_PER_SEC,
    pm_timer_start, pm_timer_count, pm_timer_came_round,
};

static enum { CLOCK_OFF, CLOCK_KVM, CLOCK_TSC, CLOCK_MEASURING, CLOCK_SLOW } source;

static const struct counter *slow; /* CLOCK_MEASURING and CLOCK_SLOW */
static struct scale slow_to_ns;

/* CLOCK_TSC: time was `ns` when the counter stood at `tsc`. Constant while in that state, so
 * that it can be read with interrupts on. */
static struct {
    uint64_t ns, tsc;
    struct scale rate;
} base;

/* Both readings of one instant. */
struct pair {
    uint64_t tsc;
    uint32_t count;
};

/* CLOCK_MEASURING and CLOCK_SLOW; only touched with interrupts off. */
static struct pair origin; /* where the measurement began, at origin_ns */
static struct pair last;   /* the last reading, at last_ns */
static uint64_t origin_ns, last_ns;
static uint64_t slow_ticks; /* CLOCK_SLOW: since the start */

/* Invariant (CPUID 0x80000007, edx bit 8), or made by a hypervisor, none of which lets it
 * follow the power states of the host. */
static bool
tsc_is_steady(void)
{
    struct cpuid features = cpu_id(1);

    if (!(features.edx & CPUID_1_EDX_TSC))
        return false;
    return (features.ecx & CPUID_1_ECX_HYPERVISOR) || (cpu_id(0x80000007).edx & 1u << 8);
}

/* The frequency if CPUID knows it, else 0. */
static uint64_t
tsc_hz_known(void)
{
    const uint32_t vmware = 0x61774d56, kvm = 0x4b4d564b; /* "VMwa", "KVMK" */
    uint32_t maker = cpu_id(0x40000000).ebx;

    /* KVM took this leaf over from VMware; with other hypervisors it is something else. */
    if (maker == vmware || maker == kvm) {
        uint32_t khz = cpu_id(0x40000010).eax;
        if (khz)
            return khz * 1000ull;
    }
    /* Ratio to the crystal; some CPUs leave the crystal out and give the result, rounded, as
     * the base frequency (Intel SDM vol. 3, 19.7.3). */
    struct cpuid ratio = cpu_id(0x15);
    if (!ratio.eax || !ratio.ebx)
        return 0;
    if (ratio.ecx)
        return (uint64_t)ratio.ecx * ratio.ebx / ratio.eax;
    return (cpu_id(0x16).eax & 0xffff) * 1000000ull;
}

static uint32_t
ticks_between(uint32_t from, uint32_t to)
{
    return (to - from) & (slow->round - 1);
}

/* Both counters at one instant: of `tries` the reading that was disturbed the least. */
static struct pair
read_pair(unsigned tries)
{
    uint64_t narrowest = UINT64_MAX;
    struct pair best = {0};

    while (tries--) {
        uint64_t before = cpu_tsc();
        uint32_t count = slow->count();
        uint64_t width = cpu_tsc() - before;
        if (width < narrowest) {
            narrowest = width;
            best = (struct pair){.tsc = before + width / 2, .count = count};
        }
    }
    return best;
}

/* The rate from a stretch of the measurement; false if that says too little. */
static bool
rate_between(struct pair from, struct pair to, struct scale *out)
{
    uint32_t ticks = ticks_between(from.count, to.count);

    if (scale_apply(slow_to_ns, ticks) < RATE_NS)
        return false;
    uint64_t hz = (to.tsc - from.tsc) * slow->hz / ticks;
    if (hz < HZ_MIN)
        return false;
    *out = scale_make(hz, NSEC_PER_SEC);
    return true;
}

static void
measure_from(uint64_t ns)
{
    slow->start();
    origin = last = read_pair(PAIR_TRIES);
    origin_ns = last_ns = ns;
}

/* Nobody looked until the counter had come round, perhaps more than once. It is at least one
 * round later; how much, the rate so far may tell. */
static uint64_t
measure_again(void)
{
    uint64_t ns = origin_ns + scale_apply(slow_to_ns, slow->round);
    struct scale rate;

    if (rate_between(origin, last, &rate))
        ns = MAX(ns, last_ns + scale_apply(rate, cpu_tsc() - last.tsc));
    measure_from(ns);
    return ns;
}

static uint64_t
read_measuring(void)
{
    struct pair now = read_pair(1);
    bool enough = scale_apply(slow_to_ns, ticks_between(origin.count, now.count)) >= MEASURE_NS;

    if (enough)
        now = read_pair(PAIR_TRIES);
    if (slow->came_round()) /* asked after the readings: otherwise they would not count */
        return measure_again();
    last = now;
    last_ns = origin_ns + scale_apply(slow_to_ns, ticks_between(origin.count, now.count));
    if (enough && rate_between(origin, now, &base.rate)) {
        base.ns = last_ns;
        base.tsc = now.tsc;
        source = CLOCK_TSC;
    }
    return last_ns;
}

static uint64_t
read_slow(void)
{
    uint32_t count = slow->count();

    slow_ticks += ticks_between(last.count, count);
    last.count = count;
    last_ns = scale_apply(slow_to_ns, slow_ticks);
    return last_ns;
}

static uint64_t
read_tsc(void)
{
    return base.ns + scale_apply(base.rate, cpu_tsc() - base.tsc);
}

uint64_t
clock_read(void)
{
    uint64_t ns = 0;

    if (source == CLOCK_TSC)
        return read_tsc();
    bool on = platform->irq_save();
    if (source == CLOCK_TSC)
        ns = read_tsc();
    else if (source == CLOCK_MEASURING)
        ns = read_measuring();
    else if (source == CLOCK_SLOW)
        ns = read_slow();
    else if (source == CLOCK_KVM)
        ns = pvclock_read();
    platform->irq_restore(on);
    return ns;
}

uint64_t
clock_read_by(void)
{
    if (source == CLOCK_MEASURING)
        return origin_ns + slow->read_every;
    return source == CLOCK_SLOW ? last_ns + slow->read_every : TIME_NEVER;
}

/* ---- start ---- */

static void
use_tsc(uint64_t hz)
{
    base.rate = scale_make(hz, NSEC_PER_SEC);
    base.tsc = cpu_tsc();
    source = CLOCK_TSC;
}

/* The first slow counter that is there, started. */
static bool
find_slow(void)
{
    static const struct counter *const counters[] = {&pit, &pm_timer};

    for (unsigned i = 0; i < ARRAY_SIZE(counters); i++) {
        if (!counters[i]->start())
            continue;
        slow = counters[i];
        slow_to_ns = scale_make(slow->hz, NSEC_PER_SEC);
        return true;
    }
    return false;
}

/* Without anything to measure by, what there is counts at a speed that nobody knows. */
static void
guess(bool has_tsc)
{
    if (!has_tsc) {
        log_error("clock: this machine has nothing that counts; time stands still");
        return;
    }
    log_warn("clock: CPUID does not say how fast this CPU counts, and there is neither an 8254 "
             "nor an ACPI timer to measure by; taking %u MHz, so times are off by that factor",
             HZ_GUESS / 1000000);
    use_tsc(HZ_GUESS);
}

void
clock_init(void)
{
    bool steady = tsc_is_steady();
    uint64_t hz = steady ? tsc_hz_known() : 0;

    if (pvclock_init())
        source = CLOCK_KVM;
    else if (hz >= HZ_MIN)
        use_tsc(hz);
    else if (!find_slow())
        guess(cpu_id(1).edx & CPUID_1_EDX_TSC);
    else if (steady) {
        measure_from(0);
        source = CLOCK_MEASURING;
    } else {
        last.count = slow->count();
        source = CLOCK_SLOW;
    }
}
