/*
 * The PC's clock and one-shot timer over a model of the 8254 and of a time stamp counter, whose
 * true frequency only the model knows: time passes with every port access, and the test says
 * when nobody looks for a while.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* Included, since its state is its own and every test wants a fresh machine. */
#include "arch/x86/clock.c"

static void
clock_restart(void)
{
    source = CLOCK_OFF;
    origin_ns = last_ns = pit_ticks = 0;
    base.ns = base.tsc = 0;
}

#define ACCESS_NS 700 /* what a port access takes */

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
    bool latch_high;
    uint16_t count0; /* last count of channel 0, and how many were loaded */
    unsigned loads0;
    uint8_t gate;
} m;

static uint64_t
ticks2(void)
{
    return (unsigned __int128)(m.ns - m.count2_ns) * PIT_HZ / NSEC_PER_SEC;
}

uint32_t
model_port_read(uint16_t port, unsigned width)
{
    assert_int_equal(width, 1);
    m.accesses++;
    m.ns += ACCESS_NS;
    if (port == 0x61)
        return m.gate | (ticks2() >= 65536 ? 0x20 : 0);
    assert_int_equal(port, 0x42);
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
        assert_int_equal(value & 0xf3, 1); /* counting, and silent */
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

uint32_t
model_memory_read(uint64_t address, unsigned width)
{
    fail_msg("device memory read at %llx, %u", (unsigned long long)address, width);
    return 0;
}

void
model_memory_write(uint64_t address, uint32_t value, unsigned width)
{
    fail_msg("device memory written at %llx, %x, %u", (unsigned long long)address, value,
             width);
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
    case 0x40000010:
        return m.tsc_khz;
    case 0x15:
        return m.ratio;
    case 0x16:
        return m.crystal;
    }
    return (struct cpuid){0};
}

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

static void
timer_is_loaded_with_what_fits(void **state)
{
    static const struct trap_frame frame;

    (void)state;
    start(2000000000);
    while (clock_read_by() != TIME_NEVER)
        m.ns += NSEC_PER_MSEC, clock_read();
    pit_init();
    uint64_t now = clock_read();
    pit_arm(now + NSEC_PER_MSEC);
    assert_in_range(m.count0, 1190, 1195);
    pit_arm(now); /* past: at once */
    assert_int_equal(m.count0, 1);
    pit_arm(now + 10 * NSEC_PER_SEC);
    assert_int_equal(m.count0, 65535);
    unsigned loads = m.loads0;
    pit_interrupt(&frame); /* early: the rest is loaded */
    assert_int_equal(m.loads0, loads + 1);
    assert_int_equal(m.count0, 65535);
    pit_arm(TIME_NEVER);
    assert_int_equal(m.loads0, loads + 1);
    pit_interrupt(&frame);
    assert_int_equal(m.loads0, loads + 1);
}

static void
slow_clock_keeps_the_timer_going(void **state)
{
    static const struct trap_frame frame;

    (void)state;
    start(0);
    pit_init();
    pit_arm(TIME_NEVER);
    for (unsigned i = 0; i < 100; i++) {
        assert_in_range(m.count0, 30000, 40000);
        m.ns += (uint64_t)m.count0 * NSEC_PER_SEC / PIT_HZ;
        pit_interrupt(&frame);
    }
    assert_in_range(clock_read(), m.ns * 99 / 100, m.ns);
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
        cmocka_unit_test(timer_is_loaded_with_what_fits),
        cmocka_unit_test(slow_clock_keeps_the_timer_going),
    };

    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
