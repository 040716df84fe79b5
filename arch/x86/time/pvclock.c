/*
 * KVM's clock, read on the one processor that it was asked for.
 */
#include "arch/x86/time/pvclock.h"
#include "arch/x86/cpu/cpu.h"
#include "kernel/kernel.h"

#define LEAF_MAKER    0x40000000
#define LEAF_FEATURES 0x40000001
#define MAKER_KVM     0x4b4d564b /* "KVMK" */
#define FEATURE_CLOCK (1u << 3)  /* with the MSR below */

#define MSR_SYSTEM_TIME 0x4b564d01u
#define SYSTEM_TIME_ON  1u

#define READ_TRIES 1000000
#define SHIFT_MAX  31

/* Where the host writes; the MSR wants it within one page. */
static volatile struct pvclock_time shared __attribute__((aligned(32)));
static uint64_t start, last; /* the host's time at pvclock_init, ours at the last reading */

uint64_t
pvclock_ns(const struct pvclock_time *t, uint64_t tsc)
{
    uint64_t ticks = tsc > t->tsc ? tsc - t->tsc : 0;

    if (t->shift >= 0)
        ticks <<= MIN(t->shift, SHIFT_MAX);
    else
        ticks >>= MIN(-t->shift, SHIFT_MAX);
    return t->ns + (ticks >> 32) * t->mult + ((ticks & UINT32_MAX) * t->mult >> 32);
}

/* A copy that no update cut in two, and the counter at that time. False: none to be had. */
static bool
snapshot(struct pvclock_time *t, uint64_t *tsc)
{
    for (unsigned i = 0; i < READ_TRIES; i++) {
        t->version = shared.version;
        t->tsc = shared.tsc;
        t->ns = shared.ns;
        t->mult = shared.mult;
        t->shift = shared.shift;
        *tsc = cpu_tsc();
        if (!(t->version & 1) && t->version == shared.version)
            return t->version != 0;
    }
    return false;
}

bool
pvclock_init(void)
{
    struct pvclock_time t;
    uint64_t tsc;

    if (cpu_id(LEAF_MAKER).ebx != MAKER_KVM || !(cpu_id(LEAF_FEATURES).eax & FEATURE_CLOCK) ||
        !(cpu_id(1).edx & CPUID_1_EDX_TSC))
        return false;
    cpu_set_msr(MSR_SYSTEM_TIME, (uintptr_t)&shared | SYSTEM_TIME_ON);
    if (!snapshot(&t, &tsc) || !t.mult)
        return false;
    start = pvclock_ns(&t, tsc);
    return true;
}

uint64_t
pvclock_read(void)
{
    struct pvclock_time t;
    uint64_t tsc;

    /* After a migration, say, the host's time may be a little less than it was. */
    if (snapshot(&t, &tsc))
        last = MAX(last, pvclock_ns(&t, tsc) - start);
    return last;
}
