/*
 * The MultiProcessor Specification's table as QEMU's two firmwares write it, and what is no
 * table: written out here byte by byte from the specification (1.4, chapter 4).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "arch/x86/firmware/mptable.h"

#define HEADER 44

struct table {
    uint8_t bytes[512];
    size_t len;
};

static void
add(struct table *t, size_t len, const uint8_t *entry)
{
    memcpy(t->bytes + t->len, entry, len);
    t->len += len;
}
#define ADD(t, ...) \
    add(t, sizeof((const uint8_t[]){__VA_ARGS__}), (const uint8_t[]){__VA_ARGS__})
#define PROCESSOR(t) \
    ADD(t, 0, 0, 0x14, 3, 0x63, 6, 0, 0, 0xfd, 0xfb, 0xcb, 0xf, 0, 0, 0, 0, 0, 0, 0, 0)
#define ISA(t, id) ADD(t, 1, id, 'I', 'S', 'A', ' ', ' ', ' ')
#define PCI(t, id) ADD(t, 1, id, 'P', 'C', 'I', ' ', ' ', ' ')

/* One I/O APIC of number 2, the timer at its pin 2, the rest at their own pins. */
static struct table
usual_table(void)
{
    struct table t = {.len = HEADER};

    PROCESSOR(&t);
    PCI(&t, 0);
    ISA(&t, 1);
    ADD(&t, 2, 2, 0x14, 1, 0, 0, 0xc0, 0xfe);
    ADD(&t, 3, 0, 0, 0, 1, 0, 2, 2);
    ADD(&t, 3, 0, 0, 0, 1, 4, 2, 4);
    ADD(&t, 3, 0, 0x0d, 0, 1, 9, 2, 20);  /* level, high */
    ADD(&t, 3, 0, 0x0f, 0, 1, 10, 2, 21); /* level, low */
    ADD(&t, 4, 3, 0, 0, 1, 0, 0xff, 0);
    return t;
}

/* In memory of exactly its size, so that the sanitizer sees every byte read behind it. */
static struct madt
parse(const struct table *t, size_t len)
{
    void *copy = malloc(len);
    struct madt madt;

    memcpy(copy, t->bytes, len);
    mptable_parse(copy, len, &madt);
    free(copy);
    return madt;
}

static void
table_is_read(void **state)
{
    (void)state;
    struct table t = usual_table();
    struct madt madt = parse(&t, t.len);
    assert_int_equal(madt.nr_ioapics, 1);
    assert_int_equal(madt.ioapics[0].address, 0xfec00000);
    assert_int_equal(madt.ioapics[0].gsi_base, 0);
    assert_int_equal(madt.isa[0].gsi, 2);
    assert_true(madt.isa[4].gsi == 4 && !madt.isa[4].level && !madt.isa[4].low);
    assert_true(madt.isa[9].gsi == 20 && madt.isa[9].level && !madt.isa[9].low);
    assert_true(madt.isa[10].gsi == 21 && madt.isa[10].level && madt.isa[10].low);
    assert_true(madt.isa[9].overridden && !madt.isa[5].overridden && madt.isa[5].gsi == 5);
}

/* Interrupts of other kinds, buses and chips; chips that are off, nowhere, or one too many. */
static void
what_is_not_ours_is_left_out(void **state)
{
    struct table t = {.len = HEADER};
    struct madt plain;

    (void)state;
    ADD(&t, 1, 3, 'I', 'S', 'A', 'X', ' ', ' ');
    ADD(&t, 2, 7, 0x11, 0, 0, 0, 0xc0, 0xfe); /* not enabled */
    ADD(&t, 2, 7, 0x11, 1, 0, 0, 0, 0);       /* nowhere */
    ADD(&t, 3, 0, 0, 0, 3, 4, 7, 9);
    madt_default(&plain);
    struct madt madt = parse(&t, t.len);
    assert_memory_equal(&madt, &plain, sizeof(madt));
    ISA(&t, 5);
    ADD(&t, 2, 8, 0x11, 1, 0, 0, 0xc0, 0xfe);
    plain.nr_ioapics = 1;
    plain.ioapics[0].address = 0xfec00000;
    ADD(&t, 2, 9, 0x11, 1, 0, 0, 0xc1, 0xfe); /* a second one */
    ADD(&t, 3, 0, 0, 0, 5, 4, 9, 9);          /* at it */
    ADD(&t, 3, 0, 0, 0, 3, 4, 8, 9);          /* of another bus */
    ADD(&t, 3, 1, 0, 0, 5, 4, 8, 9);          /* NMI */
    ADD(&t, 3, 3, 0, 0, 5, 4, 8, 9);          /* the 8259s' */
    ADD(&t, 3, 0, 0, 0, 5, 16, 8, 9);         /* no ISA interrupt */
    madt = parse(&t, t.len);
    assert_memory_equal(&madt, &plain, sizeof(madt));
}

/* Number 0xff stands for every chip (4.3.4), so for the first as well. */
static void
a_pin_of_all_chips_is_ours(void **state)
{
    struct table t = {.len = HEADER};

    (void)state;
    ISA(&t, 1);
    ADD(&t, 3, 0, 0x0f, 0, 1, 9, 0xff, 20); /* before there is any */
    struct madt madt = parse(&t, t.len);
    assert_int_equal(madt.isa[9].gsi, 9);
    ADD(&t, 2, 2, 0x14, 1, 0, 0, 0xc0, 0xfe);
    ADD(&t, 3, 0, 0x0f, 0, 1, 9, 0xff, 20);
    madt = parse(&t, t.len);
    assert_int_equal(madt.isa[9].gsi, 20);
    assert_true(madt.isa[9].level && madt.isa[9].low);
}

/* Behind an entry that is cut, or of a type that nobody knows, nothing is read; before it all.
 */
static void
cut_tables_are_read_up_to_there(void **state)
{
    (void)state;
    struct table t = usual_table();
    for (size_t len = HEADER; len < t.len; len++) {
        struct madt madt = parse(&t, len);
        assert_int_equal(madt.nr_ioapics, len >= HEADER + 20 + 3 * 8);
        assert_int_equal(madt.isa[9].gsi == 20, len >= HEADER + 20 + 6 * 8);
    }
    t.bytes[HEADER + 20 + 4 * 8] = 5;
    struct madt madt = parse(&t, t.len);
    assert_int_equal(madt.isa[0].gsi, 2);
    assert_false(madt.isa[4].overridden);
}

static void
any_bytes_are_a_table(void **state)
{
    (void)state;
    srand(6);
    for (unsigned round = 0; round < 50000; round++) {
        struct table t = usual_table();
        for (unsigned i = 0; i < 3; i++)
            t.bytes[HEADER + (unsigned)rand() % (t.len - HEADER)] = (uint8_t)rand();
        struct madt madt = parse(&t, HEADER + (size_t)rand() % (t.len - HEADER + 1));
        assert_true(madt.nr_ioapics <= 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_read),
        cmocka_unit_test(what_is_not_ours_is_left_out),
        cmocka_unit_test(a_pin_of_all_chips_is_ours),
        cmocka_unit_test(cut_tables_are_read_up_to_there),
        cmocka_unit_test(any_bytes_are_a_table),
    };

    return cmocka_run_group_tests_name("mptable", tests, NULL, NULL);
}
