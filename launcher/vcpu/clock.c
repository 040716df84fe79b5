/*
 * The clocks that a guest gets: wall-clock time in the shared page, and the frequency of the
 * TSC, if it can be trusted. It can if the CPU says that it runs at one rate in all states
 * (CPUID 8000_0007h, EDX bit 8). How fast that is, some CPUs and hypervisors tell; else it is
 * measured from the launcher's start to the guest's INIT against the kernel's own clock, which
 * is made of the same TSC: two readings of some 20 ns jitter over at least MEASURE_NS.
 *
 * In a virtual machine each CPUID instruction is an exit to its host (3.6 us where this was
 * measured), so what the C library has asked at its start is taken from there.
 */
#include <cpuid.h>
#include <sys/platform/x86.h>
#include <time.h>
#include <x86intrin.h>
#include "launcher/check/check.h"
#include "launcher/guest.h"
#include "launcher/launcher.h"

/* CPUID 1, ECX bit 31, which x86.h has no name for: always 0 on a bare machine. */
#define HYPERVISOR x86_cpu_INDEX_1_ECX_31

#define CPUID_TSC        0x15
#define CPUID_HYPERVISOR 0x40000000
#define CPUID_HV_TIMING  0x40000010 /* EAX: TSC frequency in kHz; KVM and VMware */
#define MEASURE_NS       100000
#define READINGS         8

struct reading {
    uint64_t tsc, ns;
};

static struct reading start;
static uint32_t khz;

/* Time and TSC of one moment: the tightest of some tries. */
static struct reading
read_both(void)
{
    struct reading best = {0, 0};
    uint64_t width = UINT64_MAX;
    for (unsigned i = 0; i < READINGS; i++) {
        struct timespec time;
        uint64_t before = __rdtsc();
        clock_gettime(CLOCK_MONOTONIC_RAW, &time);
        uint64_t after = __rdtsc();
        if (after - before >= width)
            continue;
        width = after - before;
        best.tsc = before + width / 2;
        best.ns = time.tv_sec * 1000000000ull + time.tv_nsec;
    }
    return best;
}

/* What the CPU or the hypervisor says, in kHz, or 0. */
static uint32_t
told(void)
{
    unsigned a, b, c, d;
    if (__get_cpuid_max(0, NULL) >= CPUID_TSC) {
        __cpuid(CPUID_TSC, a, b, c, d);
        if (a && b && c)
            return (uint64_t)c * b / a / 1000;
    }
    if (!x86_cpu_present(HYPERVISOR))
        return 0;
    __cpuid(CPUID_HYPERVISOR, a, b, c, d);
    if (a < CPUID_HV_TIMING)
        return 0;
    __cpuid(CPUID_HV_TIMING, a, b, c, d);
    return a;
}

void
clock_setup(void)
{
    start = read_both();
}

uint32_t
clock_tsc_khz(void)
{
    if (khz)
        return khz;
    if (options.no_tsc || !x86_cpu_present(x86_cpu_INVARIANT_TSC))
        return 0;
    khz = told();
    while (!khz) {
        struct reading end = read_both();
        if (end.ns - start.ns >= MEASURE_NS)
            khz = (end.tsc - start.tsc) * 1000000 / (end.ns - start.ns);
    }
    return khz;
}

void
clock_write(struct lguest_data *data)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    data->time_sec = time.tv_sec;
    data->time_nsec = time.tv_nsec;
    HOOK(lies.time, (data));
}
