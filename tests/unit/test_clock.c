/*
 * The PC's clock and one-shot timer over models of the 8254, of ACPI's timer, of a local APIC's
 * and of a time stamp counter, whose true frequencies only the model knows: time passes with
 * every port access, and the test says when nobody looks for a while.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Included, since its state is its own and every test wants a fresh machine. */
#include "arch/x86/time/clock.c"
#include "arch/x86/firmware/acpi.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/irq/pic.h"
#include "arch/x86/time/timer.h"
#include "shim.h"

static void
clock_restart(void)
{
    source = CLOCK_OFF;
    origin_ns = last_ns = slow_ticks = 0;
    base.ns = base.tsc = 0;
}

#define ACCESS_NS 700 /* what a port access takes */
#define PM_PORT   0x608

static struct {
    uint64_t ns; /* true time */
    uint64_t tsc_hz;
    uint64_t tsc_start;
    bool tsc;
    struct cpuid leaf1, hypervisor, tsc_khz, ratio, crystal;
    unsigned accesses;
    uint64_t count2_ns; /* when channel 2 was started */
    uint8_t bytes2;     /* of its count, written so far */
    uint16_t latch;
    bool latch_high, status_latched;
    uint16_t count0; /* last count of channel 0, and how many were loaded */
    unsigned loads0;
    uint8_t gate;
    bool no_pit, no_port_b;
    bool pm_timer;
    struct cpuid kvm_features;
    uint64_t system_time_msr;
    void (*kvm_writes)(volatile struct pvclock_time *);
    void (*timer)(const struct trap_frame *frame);
} m;

static uint64_t
ticks2(void)
{
    return (unsigned __int128)(m.ns - m.count2_ns) * PIT_HZ / NSEC_PER_SEC;
}

uint32_t
model_port_read(uint16_t port, unsigned width)
{
    m.accesses++;
    m.ns += ACCESS_NS;
    if (port == PM_PORT) {
        assert_true(m.pm_timer);
        assert_int_equal(width, 4);
        /* Half of all machines have the upper 8 bits; here they are noise. */
        return (uint32_t)((unsigned __int128)m.ns * 3579545 / NSEC_PER_SEC + 0x7ffff0) ^
               0xab000000;
    }
    assert_int_equal(width, 1);
    if (port == 0x61)
        return m.no_pit || m.no_port_b ? 0xff : m.gate | (ticks2() >= 65536 ? 0x20 : 0);
    assert_int_equal(port, 0x42);
    if (m.no_pit)
        return 0xff;
    if (m.status_latched) {
        m.status_latched = false;
        return 0x30 | (ticks2() >= 65536 ? 0x80 : 0);
    }
    m.latch_high = !m.latch_high;
    return m.latch_high ? m.latch & 0xff : m.latch >> 8;
}

void
model_port_write(uint16_t port, uint32_t value, unsigned width)
{
    static uint8_t low0;
    static bool high0;

    assert_int_equal(width, 1);
    m.accesses++;
    m.ns += ACCESS_NS;
    if (port == 0x61) {
        m.gate = (uint8_t)value;
        if (!m.no_pit && !m.no_port_b)
            assert_int_equal(value & 0xf3, 1); /* counting, and silent */
    } else if (port == 0x43 && value == 0xe8) {
        m.status_latched = true;
    } else if (port == 0x43 && value == 0x80) {
        m.latch = (uint16_t)-ticks2();
        m.latch_high = false;
    } else if (port == 0x43 && value == 0xb0) {
        m.bytes2 = 0;
    } else if (port == 0x43 && value == 0x30) {
        high0 = false;
    } else if (port == 0x42) {
        assert_int_equal(value, 0);
        if (++m.bytes2 == 2)
            m.count2_ns = m.ns;
    } else if (port == 0x40) {
        if (high0) {
            m.count0 = (uint16_t)(value << 8 | low0);
            m.loads0++;
        }
        low0 = (uint8_t)value;
        high0 = !high0;
    } else {
        fail_msg("port %x written with %x", port, value);
    }
}

uint64_t
cpu_tsc(void)
{
    assert_true(m.tsc); /* a CPU without it would fault */
    m.ns += 10;
    return m.tsc_start + (uint64_t)((unsigned __int128)m.ns * m.tsc_hz / NSEC_PER_SEC);
}

struct cpuid
cpu_id(uint32_t leaf)
{
    switch (leaf) {
    case 1:
        return m.leaf1;
    case 0x40000000:
        return m.hypervisor;
    case 0x40000001:
        return m.kvm_features;
    case 0x40000010:
        return m.tsc_khz;
    case 0x15:
        return m.ratio;
    case 0x16:
        return m.crystal;
    }
    return (struct cpuid){0};
}

/* ---- the rest of the machine ---- */

const void *
acpi_find(const char *signature, size_t least)
{
    static struct acpi_fadt fadt = {
        .header = {.length = 116}, .pm_timer = PM_PORT, .pm_timer_len = 4};

    assert_string_equal(signature, "FACP");
    assert_true(least <= fadt.header.length);
    return m.pm_timer ? &fadt : NULL;
}

bool
pic_present(void)
{
    return true;
}

void
pic_attach_timer(void (*handler)(const struct trap_frame *frame))
{
    m.timer = handler;
}

/* A local APIC's timer that counts at m.apic_hz; and the deadline in the other mode. */
static struct {
    bool present, by_tsc;
    uint64_t hz;
    void (*handler)(const struct trap_frame *frame);
    uint32_t count;
    uint64_t count_ns; /* when it was loaded */
    uint64_t deadline;
    unsigned loads;
} apic;

bool
apic_present(void)
{
    return apic.present;
}

void
apic_timer_attach(void (*handler)(const struct trap_frame *frame), bool tsc_deadline)
{
    apic.handler = handler;
    apic.by_tsc = tsc_deadline;
}

void
apic_timer_load(uint32_t count)
{
    assert_false(apic.by_tsc);
    apic.count = count;
    apic.count_ns = m.ns;
    apic.loads++;
}

uint32_t
apic_timer_left(void)
{
    uint64_t gone = (unsigned __int128)(m.ns - apic.count_ns) * apic.hz / NSEC_PER_SEC;

    m.ns += 100;
    return gone < apic.count ? (uint32_t)(apic.count - gone) : 0;
}

/* What an MSR is written with: the deadline, or where KVM is to write its time. */
void
cpu_set_msr(uint32_t msr, uint64_t value)
{
    if (msr == 0x4b564d01) {
        m.system_time_msr = value;
        if (m.kvm_writes)
            m.kvm_writes((volatile struct pvclock_time *)(uintptr_t)(value & ~1ull));
        return;
    }
    assert_int_equal(msr, 0x6e0);
    apic.deadline = value;
    apic.loads++;
}

/* ---- tests ---- */

/* A machine under a hypervisor that says nothing of its frequency. */
static void
start(uint64_t tsc_hz)
{
    m = (typeof(m)){
        .ns = 123456,
        .tsc_hz = tsc_hz,
        .tsc_start = 1ull << 61,
        .tsc = tsc_hz != 0,
        .leaf1 = {.ecx = CPUID_1_ECX_HYPERVISOR, .edx = tsc_hz ? CPUID_1_EDX_TSC : 0},
    };
    clock_restart();
    assert_int_equal(clock_read(), 0);
    clock_init();
}

static void
assert_rate(uint64_t least_ns, unsigned ppm)
{
    uint64_t ns = m.ns, before = clock_read();

    m.ns += least_ns;
    uint64_t passed = clock_read() - before, truth = m.ns - ns;
    uint64_t error = passed > truth ? passed - truth : truth - passed;
    if (error * 1000000 > truth * ppm)
        fail_msg("%llu ns seen, %llu passed", (unsigned long long)passed,
                 (unsigned long long)truth);
}

static void
measured_rate_is_right_and_costs_no_port_afterwards(void **state)
{
    static const uint64_t rates[] = {60000000, 1000000000, 2399998123, 5700000000};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
        start(rates[i]);
        while (m.ns < 200 * NSEC_PER_MSEC && clock_read_by() != TIME_NEVER) {
            m.ns += 300000;
            clock_read();
        }
        assert_true(clock_read_by() == TIME_NEVER);
        unsigned before = m.accesses;
        assert_rate(3600 * NSEC_PER_SEC, 150);
        assert_int_equal(m.accesses, before);
        /* A year on, nothing has overflowed. */
        assert_rate(365ull * 86400 * NSEC_PER_SEC, 150);
    }
}

static void
time_is_right_while_it_is_measured(void **state)
{
    (void)state;
    start(2000000000);
    for (unsigned i = 0; i < 20; i++)
        assert_rate(NSEC_PER_MSEC, 20000);
}

static void
clock_never_goes_backwards(void **state)
{
    static const uint64_t rates[] = {0, 60000000, 2399998123};

    (void)state;
    srand(2);
    for (unsigned round = 0; round < 300; round++) {
        start(rates[round % ARRAY_SIZE(rates)]);
        uint64_t last = 0;
        for (unsigned i = 0; i < 200; i++) {
            /* Mostly short pauses, now and then one in which the 8254 comes round. */
            m.ns += (uint64_t)rand() % (rand() % 8 ? 2000000 : 300000000);
            uint64_t now = clock_read();
            assert_true(now >= last);
            assert_true(now <= m.ns + m.ns / 100);
            last = now;
        }
    }
}

static void
late_reading_uses_the_rate_so_far(void **state)
{
    (void)state;
    start(2000000000);
    m.ns += 20 * NSEC_PER_MSEC;
    clock_read(); /* too early to fix the rate, long enough to have one */
    assert_rate(700 * NSEC_PER_MSEC, 1000);
    assert_true(clock_read_by() != TIME_NEVER); /* and it measures again */
    m.ns += 40 * NSEC_PER_MSEC;
    clock_read();
    assert_true(clock_read_by() == TIME_NEVER);
    assert_rate(NSEC_PER_SEC, 150);
}

static void
reading_by_the_named_time_is_enough(void **state)
{
    (void)state;
    for (unsigned tsc = 0; tsc < 2; tsc++) {
        start(tsc ? 2000000000 : 0);
        uint64_t truth = m.ns, begin = clock_read();
        for (unsigned i = 0; i < 100; i++) {
            uint64_t now = clock_read(), by = clock_read_by();
            m.ns += by == TIME_NEVER ? NSEC_PER_SEC : by - now;
        }
        uint64_t passed = clock_read() - begin;
        assert_in_range(passed, (m.ns - truth) * 999 / 1000, (m.ns - truth) * 1001 / 1000);
    }
}

static void
frequency_that_is_known_is_not_measured(void **state)
{
    static const struct {
        struct cpuid hypervisor, khz, ratio, crystal;
        bool known;
    } cases[] = {
        {{.ebx = 0x4b4d564b}, {.eax = 2500000}, {0}, {0}, true},
        {{.ebx = 0x61774d56}, {.eax = 2500000}, {0}, {0}, true},
        {{.ebx = 0x7263694d}, {.eax = 77}, {0}, {0}, false}, /* another's leaf */
        {{0}, {0}, {2, 200, 25000000, 0}, {0}, true},
        {{0}, {0}, {2, 200, 0, 0}, {.eax = 2500}, true},
        {{0}, {0}, {2, 200, 0, 0}, {0}, false},
        {{0}, {0}, {0, 200, 25000000, 0}, {.eax = 2500}, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        start(0);
        m = (typeof(m)){
            .tsc_hz = 2500000000,
            .tsc = true,
            .leaf1 = {.ecx = CPUID_1_ECX_HYPERVISOR, .edx = CPUID_1_EDX_TSC},
            .hypervisor = cases[i].hypervisor,
            .tsc_khz = cases[i].khz,
            .ratio = cases[i].ratio,
            .crystal = cases[i].crystal,
        };
        clock_restart();
        clock_init();
        assert_int_equal(m.accesses == 0, cases[i].known);
        assert_int_equal(clock_read_by() == TIME_NEVER, cases[i].known);
        if (cases[i].known)
            assert_rate(NSEC_PER_SEC, 1);
    }
}

static void
unsteady_counter_is_not_used(void **state)
{
    (void)state;
    start(0);
    m.tsc = false;
    m.leaf1 = (struct cpuid){.edx = CPUID_1_EDX_TSC}; /* real, and not invariant */
    clock_restart();
    clock_init();
    for (unsigned i = 0; i < 100; i++)
        assert_rate(20 * NSEC_PER_MSEC, 1000);
}

/* QEMU's microvm: the 8254 without port B, which is asked itself then. */
static void
pit_without_port_b_measures_as_well(void **state)
{
    (void)state;
    start(0);
    m = (typeof(m)){
        .tsc_hz = 2399998123,
        .tsc = true,
        .no_port_b = true,
        .leaf1 = {.ecx = CPUID_1_ECX_HYPERVISOR, .edx = CPUID_1_EDX_TSC},
    };
    clock_restart();
    clock_init();
    m.ns += 40 * NSEC_PER_MSEC;
    clock_read();
    assert_true(clock_read_by() == TIME_NEVER);
    assert_rate(NSEC_PER_SEC, 150);
    /* And a round that nobody saw is noticed there too. */
    clock_restart();
    clock_init();
    m.ns += 90 * NSEC_PER_MSEC;
    clock_read();
    assert_true(clock_read_by() != TIME_NEVER);
}

/* Without an 8254 it is ACPI's timer, steady counter or not. */
static void
acpi_timer_stands_in_for_the_pit(void **state)
{
    (void)state;
    for (unsigned steady = 0; steady < 2; steady++) {
        start(0);
        m = (typeof(m)){
            .tsc_hz = 2399998123,
            .tsc = true,
            .no_pit = true,
            .pm_timer = true,
            .leaf1 = {.ecx = steady ? CPUID_1_ECX_HYPERVISOR : 0, .edx = CPUID_1_EDX_TSC},
        };
        clock_restart();
        clock_init();
        /* Two of its rounds, read as often as it asks for. */
        for (unsigned i = 0; i < 10; i++)
            assert_rate(NSEC_PER_SEC, steady ? 150 : 5);
        assert_int_equal(clock_read_by() == TIME_NEVER, steady);
    }
}

static void
without_anything_to_measure_by_it_says_so(void **state)
{
    (void)state;
    start(0);
    m = (typeof(m)){
        .tsc_hz = 2000000000,
        .tsc = true,
        .no_pit = true,
        .leaf1 = {.ecx = CPUID_1_ECX_HYPERVISOR, .edx = CPUID_1_EDX_TSC},
    };
    clock_restart();
    shim_log_clear();
    clock_init();
    assert_true(shim_log_has("neither an 8254"));
    uint64_t before = clock_read();
    m.ns += NSEC_PER_SEC;
    assert_true(clock_read() > before);
    m.leaf1 = (struct cpuid){0};
    m.tsc = false;
    clock_restart();
    clock_init();
    assert_true(shim_log_has("nothing that counts"));
    assert_int_equal(clock_read(), 0);
}

/* ---- KVM's clock ---- */

static volatile struct pvclock_time *kvm_time;

static void
kvm_starts(volatile struct pvclock_time *t)
{
    kvm_time = t;
    t->version = 2;
    t->tsc = m.tsc_start;
    t->ns = 5 * NSEC_PER_SEC;
    t->mult = 0x80000000; /* half a nanosecond a tick: 2 GHz */
    t->shift = 0;
}

static void
kvm_never_comes(volatile struct pvclock_time *t)
{
    t->version = 0;
}

static void
start_kvm(void (*writes)(volatile struct pvclock_time *))
{
    start(0);
    m = (typeof(m)){
        .tsc_hz = 2000000000,
        .tsc_start = 1ull << 61,
        .tsc = true,
        .leaf1 = {.ecx = CPUID_1_ECX_HYPERVISOR, .edx = CPUID_1_EDX_TSC},
        .hypervisor = {.eax = 0x40000001, .ebx = 0x4b4d564b},
        .kvm_features = {.eax = 1 << 3},
        .kvm_writes = writes,
    };
    clock_restart();
    clock_init();
}

static void
kvm_clock_is_used_where_it_is_offered(void **state)
{
    (void)state;
    start_kvm(kvm_starts);
    assert_int_equal(m.system_time_msr & 1, 1);
    assert_int_equal(m.accesses, 0);
    assert_in_range(clock_read(), 0, NSEC_PER_USEC);
    assert_rate(3600 * NSEC_PER_SEC, 1);
    assert_true(clock_read_by() == TIME_NEVER);
    /* The host starts over from a later time, or a little less of it: never backwards. */
    uint64_t before = clock_read();
    kvm_time->ns -= NSEC_PER_SEC;
    assert_true(clock_read() == before);
    kvm_time->ns += 3 * NSEC_PER_SEC;
    assert_in_range(clock_read(), before + 2 * NSEC_PER_SEC, before + 2 * NSEC_PER_SEC + 1000);
    /* Half written for ever: time stands still, and the reader does not. */
    kvm_time->version = 3;
    before = clock_read();
    assert_true(clock_read() == before);
    assert_true(m.tsc_start + m.ns > 0);
}

static void
kvm_clock_that_stays_empty_is_not_used(void **state)
{
    (void)state;
    start_kvm(kvm_never_comes);
    assert_true(m.accesses > 0);
    m.kvm_features.eax = 0;
    clock_restart();
    m.system_time_msr = 0;
    clock_init();
    assert_int_equal(m.system_time_msr, 0);
}

static void
kvm_time_agrees_with_wide_arithmetic(void **state)
{
    (void)state;
    srand(3);
    for (unsigned i = 0; i < 100000; i++) {
        struct pvclock_time t = {
            .tsc = (uint64_t)rand() << 20,
            .ns = (uint64_t)rand() << 30,
            .mult = (uint32_t)rand() * 2u,
            .shift = (int8_t)(rand() % 9 - 6),
        };
        uint64_t ticks = (uint64_t)rand() << (rand() % 24);
        unsigned __int128 shifted = t.shift < 0 ? ticks >> -t.shift : ticks << t.shift;
        assert_true(pvclock_ns(&t, t.tsc + ticks) == t.ns + (uint64_t)(shifted * t.mult >> 32));
        assert_true(pvclock_ns(&t, t.tsc - 1) == t.ns);
    }
    /* Shifts that cannot be do nothing undefined. */
    struct pvclock_time wild = {.mult = 1, .shift = 127};
    pvclock_ns(&wild, 1);
    wild.shift = -128;
    pvclock_ns(&wild, 1);
}

/* ---- the one-shot timer ---- */

static const struct trap_frame no_frame;

static void
timer_is_loaded_with_what_fits(void **state)
{
    (void)state;
    start(2000000000);
    while (clock_read_by() != TIME_NEVER)
        m.ns += NSEC_PER_MSEC, clock_read();
    timer_chip_init();
    assert_non_null(m.timer);
    uint64_t now = clock_read();
    timer_chip_arm(now + NSEC_PER_MSEC);
    assert_in_range(m.count0, 1190, 1195);
    timer_chip_arm(now); /* past: at once */
    assert_int_equal(m.count0, 1);
    timer_chip_arm(now + 10 * NSEC_PER_SEC);
    assert_int_equal(m.count0, 65535);
    unsigned loads = m.loads0;
    m.timer(&no_frame); /* early: the rest is loaded */
    assert_int_equal(m.loads0, loads + 1);
    assert_int_equal(m.count0, 65535);
    timer_chip_arm(TIME_NEVER);
    assert_int_equal(m.loads0, loads + 1);
    m.timer(&no_frame);
    assert_int_equal(m.loads0, loads + 1);
}

static void
slow_clock_keeps_the_timer_going(void **state)
{
    (void)state;
    start(0);
    timer_chip_init();
    timer_chip_arm(TIME_NEVER);
    for (unsigned i = 0; i < 100; i++) {
        assert_in_range(m.count0, 30000, 40000);
        m.ns += (uint64_t)m.count0 * NSEC_PER_SEC / PIT_HZ;
        m.timer(&no_frame);
    }
    assert_in_range(clock_read(), m.ns * 99 / 100, m.ns);
}

static unsigned apic_interrupts;

static void
count_interrupt(const struct trap_frame *frame)
{
    (void)frame;
    apic_interrupts++;
}

/* The model's timer runs until `deadline`, loading the rest when it comes early; what is left
 * or over then, in ns. */
static int64_t
apic_wait(uint64_t ns)
{
    uint64_t end = clock_read() + ns;

    apic_interrupts = 0;
    for (;;) {
        uint64_t now = clock_read();
        if (now >= end)
            return (int64_t)(now - end);
        apic_timer.load(now, end - now);
        if (apic.by_tsc) {
            uint64_t ticks = apic.deadline - m.tsc_start;
            m.ns = (unsigned __int128)ticks * NSEC_PER_SEC / m.tsc_hz + 1;
        } else {
            m.ns = apic.count_ns + (unsigned __int128)apic.count * NSEC_PER_SEC / apic.hz + 1;
        }
        apic.handler(&no_frame);
        assert_true(apic_interrupts < 100);
    }
}

/* Its rate is learnt by using it: never late, soon right, from the slowest to the fastest. */
static void
apic_timer_learns_its_rate(void **state)
{
    static const uint64_t rates[] = {1500000, 6250000, 62500000, 400000000};

    (void)state;
    for (unsigned i = 0; i < 2 * ARRAY_SIZE(rates); i++) {
        start(0);
        m.tsc = true;
        m.tsc_hz = 1000 * rates[i / 2] % 7000000007;
        m.leaf1 = (struct cpuid){
            .ecx = CPUID_1_ECX_HYPERVISOR | (i % 2 ? CPUID_1_ECX_DEADLINE : 0),
            .edx = CPUID_1_EDX_TSC,
        };
        m.hypervisor.ebx = 0x4b4d564b;
        m.tsc_khz.eax = (uint32_t)(m.tsc_hz / 1000);
        clock_restart();
        clock_init();
        apic = (typeof(apic)){.present = true, .hz = rates[i / 2]};
        assert_int_equal(apic_timer.init(count_interrupt), 0);
        m.ns += 3000; /* too short to learn anything */
        int64_t late = apic_wait(5 * NSEC_PER_SEC);
        assert_in_range(late, 0, 5 * NSEC_PER_MSEC);
        assert_in_range(apic_interrupts, 1, 10);
        /* Known by now: one interrupt, on time. */
        late = apic_wait(NSEC_PER_SEC);
        assert_in_range(late, 0, 20 * NSEC_PER_USEC);
        assert_in_range(apic_interrupts, 1, 2);
        late = apic_wait(200 * NSEC_PER_USEC);
        assert_in_range(late, 0, 20 * NSEC_PER_USEC);
    }
    apic.present = false;
    assert_int_equal(apic_timer.init(count_interrupt), -ENODEV);
}

/* A count that ran out long ago says nothing of the rate. */
static void
apic_timer_is_not_fooled_by_a_pause(void **state)
{
    (void)state;
    start(2000000000);
    while (clock_read_by() != TIME_NEVER)
        m.ns += NSEC_PER_MSEC, clock_read();
    apic = (typeof(apic)){.present = true, .hz = 62500000};
    apic_timer.init(count_interrupt);
    apic_wait(NSEC_PER_SEC);
    apic_timer.load(clock_read(), NSEC_PER_MSEC);
    m.ns += 3600 * NSEC_PER_SEC; /* disarmed, so its interrupt was nobody's business */
    apic_wait(NSEC_PER_SEC);
    assert_in_range(apic_interrupts, 1, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measured_rate_is_right_and_costs_no_port_afterwards),
        cmocka_unit_test(time_is_right_while_it_is_measured),
        cmocka_unit_test(clock_never_goes_backwards),
        cmocka_unit_test(late_reading_uses_the_rate_so_far),
        cmocka_unit_test(reading_by_the_named_time_is_enough),
        cmocka_unit_test(frequency_that_is_known_is_not_measured),
        cmocka_unit_test(unsteady_counter_is_not_used),
        cmocka_unit_test(pit_without_port_b_measures_as_well),
        cmocka_unit_test(without_anything_to_measure_by_it_says_so),
        cmocka_unit_test(acpi_timer_stands_in_for_the_pit),
        cmocka_unit_test(kvm_clock_is_used_where_it_is_offered),
        cmocka_unit_test(kvm_clock_that_stays_empty_is_not_used),
        cmocka_unit_test(kvm_time_agrees_with_wide_arithmetic),
        cmocka_unit_test(timer_is_loaded_with_what_fits),
        cmocka_unit_test(slow_clock_keeps_the_timer_going),
        cmocka_unit_test(apic_timer_learns_its_rate),
        cmocka_unit_test(apic_timer_is_not_fooled_by_a_pause),
    };

    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
