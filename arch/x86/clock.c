/*
 * The PC's monotonic clock: the time stamp counter where it can be relied on, else the 8254.
 *
 * The counter's frequency is what CPUID says; where it says nothing it is measured against
 * channel 2 of the 8254, and nobody waits for that: the measurement starts with the clock, the
 * time is read off the 8254 while it lasts, and the first reading after MEASURE_TICKS fixes
 * the rate for good. The clock changes horses at one instant at which both agree, so it never
 * goes backwards. Should nobody read it before the 8254 has come round, it starts over.
 *
 * A clock that still uses the 8254 has to be read before that comes round: clock_read_by
 * makes the timer interrupt see to it.
 */
#include "arch/x86/clock.h"
#include "arch/x86/cpu.h"
#include "arch/x86/pit.h"
#include "arch/x86/scale.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"

#define MEASURE_TICKS (PIT_HZ / 1000 * 30) /* 30 ms: a pair of readings is 2 us wide */
#define RATE_TICKS    (PIT_HZ / 1000)      /* 1 ms: good to some parts in a thousand */
#define READ_EVERY    (31 * NSEC_PER_MSEC) /* leaves 23 ms until the 8254 comes round */
#define PAIR_TRIES    4

#define HZ_LEAST 1000000u

static const struct scale pit_to_ns = {(NSEC_PER_SEC << 22) / PIT_HZ, 22};

static enum { CLOCK_OFF, CLOCK_TSC, CLOCK_MEASURING, CLOCK_PIT } source;

/* CLOCK_TSC: time was `ns` when the counter stood at `tsc`. Constant while in that state, so
 * that it can be read with interrupts on. */
static struct {
    uint64_t ns, tsc;
    struct scale rate;
} base;

/* Both readings of one instant. */
struct pair {
    uint64_t tsc;
    uint16_t count;
};

/* CLOCK_MEASURING and CLOCK_PIT; only touched with interrupts off. */
static struct pair origin; /* where the measurement began, at origin_ns */
static struct pair last;   /* the last reading, at last_ns */
static uint64_t origin_ns, last_ns;
static uint64_t pit_ticks; /* CLOCK_PIT: since the start */

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

/* Both counters at one instant: of `tries` the reading that was disturbed the least. */
static struct pair
read_pair(unsigned tries)
{
    uint64_t narrowest = UINT64_MAX;
    struct pair best = {0};

    while (tries--) {
        uint64_t before = cpu_tsc();
        uint16_t count = pit_count();
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
    uint16_t ticks = (uint16_t)(to.count - from.count);

    if (ticks < RATE_TICKS)
        return false;
    uint64_t hz = (to.tsc - from.tsc) * PIT_HZ / ticks;
    if (hz < HZ_LEAST)
        return false;
    *out = scale_make(hz, NSEC_PER_SEC);
    return true;
}

static void
measure_from(uint64_t ns)
{
    pit_count_start();
    origin = last = read_pair(PAIR_TRIES);
    origin_ns = last_ns = ns;
}

/* Nobody looked until the 8254 had come round, perhaps more than once. It is at least one
 * round later; how much, the rate so far may tell. */
static uint64_t
measure_again(void)
{
    uint64_t ns = origin_ns + scale_apply(pit_to_ns, PIT_ROUND);
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
    bool enough = (uint16_t)(now.count - origin.count) >= MEASURE_TICKS;

    if (enough)
        now = read_pair(PAIR_TRIES);
    if (pit_count_round()) /* asked after the readings: otherwise they would not count */
        return measure_again();
    last = now;
    last_ns = origin_ns + scale_apply(pit_to_ns, (uint16_t)(now.count - origin.count));
    if (enough && rate_between(origin, now, &base.rate)) {
        base.ns = last_ns;
        base.tsc = now.tsc;
        source = CLOCK_TSC;
    }
    return last_ns;
}

static uint64_t
read_pit(void)
{
    uint16_t count = pit_count();

    pit_ticks += (uint16_t)(count - last.count);
    last.count = count;
    last_ns = scale_apply(pit_to_ns, pit_ticks);
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
    else if (source == CLOCK_PIT)
        ns = read_pit();
    platform->irq_restore(on);
    return ns;
}

uint64_t
clock_read_by(void)
{
    if (source == CLOCK_MEASURING)
        return origin_ns + READ_EVERY;
    return source == CLOCK_PIT ? last_ns + READ_EVERY : TIME_NEVER;
}

void
clock_init(void)
{
    if (!tsc_is_steady()) {
        pit_count_start();
        last.count = pit_count();
        source = CLOCK_PIT;
        return;
    }
    uint64_t hz = tsc_hz_known();
    if (hz >= HZ_LEAST) {
        base.rate = scale_make(hz, NSEC_PER_SEC);
        base.tsc = cpu_tsc();
        source = CLOCK_TSC;
        return;
    }
    measure_from(0);
    source = CLOCK_MEASURING;
}
