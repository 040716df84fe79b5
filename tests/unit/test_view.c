/*
 * The two views of a guest's memory (launcher/vcpu/memory.c) and how its segment registers move
 * between them (view.c): with real memory and real entries of the local descriptor table, and
 * faults and exits that are only told of. What a guest sees of it is tests/system/
 * test_launcher_views.py's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define MIB      (1u << 20)
#define RAM      (16 * MIB)
#define LOW      0x8000u
#define HIGH     0x100000u
#define BORDER   0x10000u
#define LONGEST  256 /* exits in the far view */
#define CS(regs) ((uint16_t)(regs)[REG_CSGSFS])
#define SS(regs) ((uint16_t)((uint64_t)(regs)[REG_CSGSFS] >> 48))

const char segments_tls_call[1];
static greg_t regs[NGREG];
static uint16_t fs;

long segments_set_thread_area(uint32_t address);

long
segments_set_thread_area(uint32_t address)
{
    (void)address;
    return 0;
}

static void
set_data(uint16_t ds, uint16_t es, uint16_t gs)
{
    __asm__ volatile("movl %0, %%ds; movl %1, %%es; movl %2, %%gs" ::"r"((uint32_t)ds),
                     "r"((uint32_t)es), "r"((uint32_t)gs));
}

static void
assert_data(uint16_t ds, uint16_t es, uint16_t gs)
{
    uint16_t now[3];
    __asm__ volatile("movw %%ds, %0; movw %%es, %1; movw %%gs, %2"
                     : "=m"(now[0]), "=m"(now[1]), "=m"(now[2]));
    assert_int_equal(now[0], ds);
    assert_int_equal(now[1], es);
    assert_int_equal(now[2], gs);
}

static int
made(void **state)
{
    (void)state;
    char entry[16];
    if (syscall(SYS_modify_ldt, 0, entry, sizeof(entry)) < 0)
        return 0; /* each test is skipped */
    memory_map(RAM);
    segments_make();
    return 0;
}

/* Registers as at the start, with data segments in fs and gs too. */
static int
fresh(void **state)
{
    (void)state;
    if (!memory.far)
        return 0;
    memset(regs, 0, sizeof(regs));
    memory.near_end = memory.limit;
    view_reset(regs);
    regs[REG_RIP] = HIGH;
    fs = NEAR_DS;
    set_data(NEAR_DS, NEAR_DS, NEAR_DS);
    stats.views = 0;
    return 0;
}

static int
done(void **state)
{
    (void)state;
    set_data(0, 0, 0);
    return 0;
}

static void
needs_segments(void)
{
    if (!memory.far)
        skip();
}

static bool
fault_at(uint32_t eip, uint64_t address)
{
    regs[REG_RIP] = eip;
    regs[REG_CR2] = (greg_t)address;
    return view_page_fault(regs, &fs);
}

static void
exits(unsigned n)
{
    while (n--)
        view_exit(regs, &fs);
}

/* ---- memory ---- */

static void
places(void **state)
{
    (void)state;
    needs_segments();
    assert_ptr_equal(memory_at(BORDER, 1), (void *)(uintptr_t)BORDER);
    assert_ptr_equal(memory_at(HIGH, RAM - HIGH), (void *)(uintptr_t)HIGH);
    assert_ptr_equal(memory_at(0, 4), memory.far);
    assert_ptr_equal(memory_at(BORDER - 1, 2), memory.far + BORDER - 1); /* in one piece */
    assert_ptr_equal(memory_at(0, RAM), memory.far);
    assert_non_null(memory_at(RAM, 0));
    assert_null(memory_at(RAM, 1));
    assert_null(memory_at(RAM - 1, 2));
    assert_null(memory_at(HIGH, UINT32_MAX));
    assert_null(memory_at(UINT32_MAX, 2));
}

static void
the_views_show_the_same(void **state)
{
    (void)state;
    needs_segments();
    for (uint32_t at = BORDER; at < RAM; at += 4093) {
        *(uint8_t *)memory_at(at, 1) = (uint8_t)(at >> 3);
        assert_int_equal(memory.far[at], (uint8_t)(at >> 3));
        memory.far[at] ^= 0xff;
        assert_int_equal(*(uint8_t *)memory_at(at, 1), (uint8_t) ~(at >> 3));
    }
}

static void
what_is_past_the_near_view(void **state)
{
    (void)state;
    needs_segments();
    memory.near_end = 8 * MIB;
    assert_ptr_equal(memory_at(8 * MIB - 4, 4), (void *)(uintptr_t)(8 * MIB - 4));
    assert_ptr_equal(memory_at(8 * MIB - 4, 5), memory.far + 8 * MIB - 4);
    assert_ptr_equal(memory_at(8 * MIB, 1), memory.far + 8 * MIB);
    memory.near_end = 0;
    assert_ptr_equal(memory_at(HIGH, 1), memory.far + HIGH);
}

static void
cleared_in_both(void **state)
{
    (void)state;
    needs_segments();
    memory.far[LOW] = memory.far[HIGH] = *(uint8_t *)memory_at(2 * HIGH, 1) = 1;
    memory_clear();
    assert_int_equal(memory.far[LOW], 0);
    assert_int_equal(memory.far[HIGH], 0);
    assert_int_equal(*(uint8_t *)memory_at(HIGH, 1), 0);
    assert_int_equal(memory.far[2 * HIGH], 0);
}

/* ---- faults ---- */

static void
data_goes_far_in_every_register(void **state)
{
    (void)state;
    needs_segments();
    assert_true(fault_at(HIGH, LOW));
    assert_data(FAR_DS, FAR_DS, FAR_DS);
    assert_int_equal(fs, FAR_DS);
    assert_int_equal(SS(regs), FAR_DS);
    assert_int_equal(CS(regs), NEAR_CS);
    assert_int_equal(stats.views, 1);
}

static void
one_register_alone_goes_far(void **state)
{
    (void)state;
    needs_segments();
    for (unsigned i = 0; i < 5; i++) {
        uint16_t is[5];
        for (unsigned k = 0; k < 5; k++)
            is[k] = k == i ? NEAR_DS : FAR_DS;
        set_data(is[0], is[1], is[2]);
        fs = is[3];
        regs[REG_CSGSFS] = (greg_t)(NEAR_CS | (uint64_t)is[4] << 48);
        assert_true(fault_at(HIGH, LOW));
        assert_data(FAR_DS, FAR_DS, FAR_DS);
        assert_int_equal(fs, FAR_DS);
        assert_int_equal(SS(regs), FAR_DS);
        assert_false(fault_at(HIGH, LOW)); /* nothing is near any more: the guest's own fault */
    }
}

static void
code_selectors_serve_for_data(void **state)
{
    (void)state;
    needs_segments();
    set_data(NEAR_CS, NEAR_CS, NEAR_CS);
    fs = NEAR_CS;
    assert_true(fault_at(HIGH, LOW));
    assert_data(FAR_CS, FAR_CS, FAR_CS);
    assert_int_equal(fs, FAR_CS);
}

static void
other_selectors_stay(void **state)
{
    (void)state;
    needs_segments();
    set_data(0, NEAR_DS, 3);
    fs = GUEST_TLS_INDEX << 3 | 3;
    assert_true(fault_at(HIGH, LOW));
    assert_data(0, FAR_DS, 3);
    assert_int_equal(fs, GUEST_TLS_INDEX << 3 | 3);
}

static void
code_goes_far_alone(void **state)
{
    (void)state;
    needs_segments();
    assert_true(fault_at(LOW, LOW));
    assert_int_equal(CS(regs), FAR_CS);
    assert_int_equal(SS(regs), NEAR_DS);
    assert_data(NEAR_DS, NEAR_DS, NEAR_DS);
    /* the instruction is there now, and touches low memory too */
    assert_true(fault_at(LOW, LOW + 0x100));
    assert_data(FAR_DS, FAR_DS, FAR_DS);
    assert_false(fault_at(LOW, LOW));
}

static void
faults_elsewhere_are_the_guests(void **state)
{
    (void)state;
    needs_segments();
    static const uint64_t elsewhere[] = {RAM, 0x30000000, UINT32_MAX, 1ull << 32, UINT64_MAX};
    for (unsigned i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
        assert_false(fault_at(HIGH, elsewhere[i]));
    memory.near_end = 0; /* no near view */
    assert_false(fault_at(HIGH, LOW));
    assert_data(NEAR_DS, NEAR_DS, NEAR_DS);
    assert_int_equal(stats.views, 0);
}

static void
limits_are_a_views_where_it_is_not_whole(void **state)
{
    (void)state;
    needs_segments();
    assert_false(view_limit_fault(regs, &fs));
    memory.near_end = 8 * MIB;
    assert_true(view_limit_fault(regs, &fs));
    assert_data(FAR_DS, FAR_DS, FAR_DS);
    assert_int_equal(CS(regs), NEAR_CS);
    exits(1); /* as trap.c has it: the next fault is an exit first */
    assert_true(view_limit_fault(regs, &fs));
    assert_int_equal(CS(regs), FAR_CS);
    exits(1);
    assert_false(view_limit_fault(regs, &fs));
}

/* ---- and back ---- */

static void
the_wait_doubles(void **state)
{
    (void)state;
    needs_segments();
    for (unsigned wait = 4, i = 0; i < 9; i++) {
        assert_true(fault_at(HIGH, LOW));
        exits(wait - 1);
        assert_data(FAR_DS, FAR_DS, FAR_DS);
        exits(1);
        assert_data(NEAR_DS, NEAR_DS, NEAR_DS);
        assert_int_equal(fs, NEAR_DS);
        assert_int_equal(SS(regs), NEAR_DS);
        if (wait < LONGEST)
            wait *= 2;
    }
}

static void
low_code_stays_far(void **state)
{
    (void)state;
    needs_segments();
    assert_true(fault_at(LOW, LOW));
    exits(LONGEST);
    assert_int_equal(CS(regs), FAR_CS);
    regs[REG_RIP] = HIGH;
    exits(1);
    assert_int_equal(CS(regs), NEAR_CS);
}

static void
kept_selectors_come_back(void **state)
{
    (void)state;
    needs_segments();
    set_data(FAR_DS, NEAR_DS, FAR_CS);
    fs = FAR_DS;
    regs[REG_CSGSFS] = (greg_t)(FAR_CS | (uint64_t)FAR_DS << 48);
    exits(1);
    assert_data(NEAR_DS, NEAR_DS, NEAR_CS);
    assert_int_equal(fs, NEAR_DS);
    assert_int_equal(SS(regs), NEAR_DS);
    assert_int_equal(CS(regs), NEAR_CS);
}

static void
a_restart_begins_near(void **state)
{
    (void)state;
    needs_segments();
    for (unsigned i = 0; i < 4; i++) {
        fault_at(HIGH, LOW);
        exits(LONGEST);
    }
    fault_at(LOW, LOW);
    fault_at(LOW, LOW);
    view_reset(regs);
    assert_int_equal(CS(regs), NEAR_CS);
    assert_int_equal(SS(regs), NEAR_DS);
    assert_data(NEAR_DS, NEAR_DS, 0);
    assert_true(fault_at(HIGH, LOW));
    exits(4);
    assert_data(NEAR_DS, NEAR_DS, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)
        TEST(places),
        TEST(the_views_show_the_same),
        TEST(what_is_past_the_near_view),
        TEST(cleared_in_both),
        TEST(data_goes_far_in_every_register),
        TEST(one_register_alone_goes_far),
        TEST(code_selectors_serve_for_data),
        TEST(other_selectors_stay),
        TEST(code_goes_far_alone),
        TEST(faults_elsewhere_are_the_guests),
        TEST(limits_are_a_views_where_it_is_not_whole),
        TEST(the_wait_doubles),
        TEST(low_code_stays_far),
        TEST(kept_selectors_come_back),
        TEST(a_restart_begins_near),
    };
    return cmocka_run_group_tests(tests, made, NULL);
}
