/*
 * The guest's page tables as the launcher takes them (launcher/vcpu/paging.c), with real memory: what
 * the kernel says of an address is what a guest would find there. What a guest sees of it all is
 * tests/system/test_launcher_paging.py's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define MIB       (1u << 20)
#define RAM       (16 * MIB)
#define DIRECTORY (12 * MIB)
#define TABLES    (DIRECTORY + PAGE)
#define LOW       0x8000u
#define HIGH      (2 * MIB)
#define WRITE     0x63u
#define READ      0x61u

static int zero, null_device;

static uint32_t *
entry(uint32_t address)
{
    return (uint32_t *)(memory.far + TABLES) + address / PAGE;
}

static uint32_t *
above(uint32_t address)
{
    return (uint32_t *)(memory.far + DIRECTORY) + address / (4 * MIB);
}

static bool
readable(const void *at)
{
    return write(null_device, at, 1) == 1;
}

static bool
writable(void *at)
{
    return read(zero, at, 1) == 1;
}

static void *
near(uint32_t address)
{
    return (void *)(uintptr_t)address;
}

static int
made(void **state)
{
    (void)state;
    int ends[2];
    if (pipe(ends) != 0)
        return -1;
    null_device = ends[1]; /* unlike /dev/null it looks at what it is given */
    fcntl(null_device, F_SETFL, O_NONBLOCK);
    zero = open("/dev/zero", O_RDONLY);
    memory_map(RAM);
    return zero < 0;
}

/* Everything there, nothing in use. */
static int
fresh(void **state)
{
    (void)state;
    paging_reset();
    if (!memory.own || !memory.near_end)
        return 0;
    for (uint32_t at = 0; at < RAM; at += PAGE)
        *entry(at) = at | WRITE;
    memset(memory.far + DIRECTORY, 0, PAGE);
    for (uint32_t at = 0; at < RAM; at += 4 * MIB)
        *above(at) = (TABLES + at / 1024) | WRITE;
    return 0;
}

static void
needs_views(void)
{
    if (!memory.own || !memory.near_end)
        skip();
}

static void
what_the_tables_say(void **state)
{
    (void)state;
    needs_views();
    *entry(HIGH) = 0;
    *entry(HIGH + PAGE) = (HIGH + PAGE) | READ;
    *above(4 * MIB) = (TABLES + PAGE) | READ;
    *above(8 * MIB) = 0;
    paging_use(DIRECTORY);
    assert_false(paging_allows(HIGH, false));
    assert_true(paging_allows(HIGH + PAGE, false) && !paging_allows(HIGH + PAGE, true));
    assert_true(readable(near(HIGH - 1)) && writable(near(HIGH - 1)));
    assert_true(readable(near(HIGH + PAGE)) && !writable(near(HIGH + PAGE)));
    assert_false(writable(near(HIGH)));
    assert_true(writable(near(HIGH + 2 * PAGE)));
    assert_false(writable(near(4 * MIB)) || writable(near(8 * MIB - 1)));
    assert_true(readable(near(4 * MIB)));
    assert_false(readable(near(8 * MIB)) || readable(near(12 * MIB - 1)));
    assert_true(writable(near(12 * MIB)));
}

/* Near where it may be, else where the guest's tables have no say; the same bytes. */
static void
the_launchers_own_way(void **state)
{
    (void)state;
    needs_views();
    memory.far[HIGH] = 77;
    *entry(HIGH) = 0;
    paging_use(DIRECTORY);
    assert_ptr_equal(memory_at(HIGH - 4, 4), near(HIGH - 4));
    assert_ptr_equal(memory_at(HIGH + PAGE, 4), near(HIGH + PAGE));
    assert_ptr_equal(memory_at(HIGH - 4, 5), memory.own + HIGH - 4);
    assert_ptr_equal(memory_at(HIGH + PAGE - 1, 2), memory.own + HIGH + PAGE - 1);
    assert_int_equal(*(uint8_t *)memory_at(HIGH, 1), 77);
    assert_ptr_equal(memory_at(LOW, 4), memory.far + LOW);
    assert_ptr_equal(memory_to_keep(near(HIGH + PAGE)), memory.own + HIGH + PAGE);
    assert_ptr_equal(memory_to_keep(memory.far + LOW), memory.own + LOW);
    assert_ptr_equal(memory_to_keep(memory.own + LOW), memory.own + LOW);
}

static void
the_far_view_follows(void **state)
{
    (void)state;
    needs_views();
    *entry(LOW) = LOW | READ;
    *entry(HIGH) = 0;
    paging_use(DIRECTORY);
    assert_true(writable(memory.far + LOW) && writable(memory.far + HIGH));
    paging_far();
    assert_true(readable(memory.far + LOW) && !writable(memory.far + LOW));
    assert_false(readable(memory.far + HIGH));
    assert_true(writable(memory.far + HIGH + PAGE));
    paging_set_entry(DIRECTORY, false, HIGH, HIGH | WRITE); /* and goes on following */
    assert_true(writable(memory.far + HIGH));
}

static void
faults_look_again(void **state)
{
    (void)state;
    needs_views();
    *entry(HIGH) = 0;
    paging_use(DIRECTORY);
    assert_false(paging_fault(HIGH, 0));
    assert_int_equal(paging_error(HIGH, 0x16), PAGE_FAULT_WRITE);
    *entry(HIGH) = HIGH | READ;
    assert_false(paging_fault(HIGH, PAGE_FAULT_WRITE));
    assert_int_equal(paging_error(HIGH, 0x6), PAGE_FAULT_WRITE | PAGE_FAULT_PRESENT);
    *entry(HIGH) = 0;
    assert_false(paging_fault(HIGH, 0)); /* the tables say no; what was seen says yes: not theirs */
    assert_true(paging_allows(HIGH, false));
    *entry(HIGH) = HIGH | WRITE;
    assert_true(paging_fault(HIGH, PAGE_FAULT_WRITE));
    assert_true(writable(near(HIGH)));
}

static void
a_reset_opens_everything(void **state)
{
    (void)state;
    needs_views();
    *entry(LOW) = *entry(HIGH) = 0;
    *above(8 * MIB) = 0;
    paging_use(DIRECTORY);
    paging_far();
    paging_reset();
    assert_true(writable(memory.far + LOW) && writable(memory.far + HIGH) && writable(near(HIGH)));
    assert_true(writable(near(8 * MIB)) && writable(memory.far + 8 * MIB));
    assert_true(paging_allows(LOW, true) && paging_allows(9 * MIB, true));
    paging_flush(0); /* there are none any more */
    assert_true(paging_allows(LOW, true));
}

/* A directory that ends the guest. */
static void
assert_refused(uint32_t at)
{
    expect_assert_failure(paging_use(at));
}

static void
what_is_refused(void **state)
{
    (void)state;
    needs_views();
    static const uint32_t bad[] = {(HIGH + PAGE) | WRITE, HIGH | WRITE | 0x80, 0xf0000000 | WRITE,
                                   RAM | WRITE};
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        *entry(HIGH) = bad[i];
        assert_refused(DIRECTORY);
    }
    *entry(HIGH) = HIGH | WRITE;
    static const uint32_t bad_above[] = {TABLES | 0xe3, TABLES | 0x73, 0xf0000000 | WRITE,
                                         DIRECTORY | WRITE};
    for (unsigned i = 0; i < sizeof(bad_above) / sizeof(bad_above[0]); i++) {
        *above(0) = bad_above[i];
        assert_refused(DIRECTORY);
    }
    assert_refused(DIRECTORY + 4);
    assert_refused(0xfffff000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_the_tables_say, fresh),
        cmocka_unit_test_setup(the_launchers_own_way, fresh),
        cmocka_unit_test_setup(the_far_view_follows, fresh),
        cmocka_unit_test_setup(faults_look_again, fresh),
        cmocka_unit_test_setup(a_reset_opens_everything, fresh),
        cmocka_unit_test_setup(what_is_refused, fresh),
    };
    return cmocka_run_group_tests(tests, made, NULL);
}
