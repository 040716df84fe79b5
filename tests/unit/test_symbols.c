/*
 * Names for addresses (kernel/symbols.c), on a table written by hand: what sdk/symbols writes
 * for images is looked at by the system tests of panics.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/cpu.h"
#include "kernel/kernel.h"

#define TEXT_SIZE 1000

/* Nothing is behind text_start but text_end, which no array can say. */
const char text_start[TEXT_SIZE] = {0};
__asm__(".globl text_end\n.set text_end, text_start + 1000");

#define AB  128 /* "ab" */
#define ABC 129 /* "abc" */
#define X16 133 /* sixteen times "x" */

const uint8_t symbol_pairs[][2] = {{'a', 'b'}, {AB, 'c'},  {'x', 'x'},
                                   {130, 130}, {131, 131}, {132, 132}};
const uint8_t symbol_table[] = {
    10,   'm',  'a',  'i',  'n',  0,      /* 10: main */
    5,    ABC,  '_',  AB,   0,            /* 15: abc_ab */
    0xc8, 1,    'f',  0,                  /* 215: f */
    1,    X16,  X16,  X16,  X16,  'y', 0, /* 216: longer than anything is printed */
    0xff, 0xff, 0xff, 0xff, 0x0f,
};

static void
check(uint32_t at, const char *name, uint32_t distance)
{
    uint32_t offset = 0;

    assert_string_equal(symbol_name((uintptr_t)text_start + at, &offset), name);
    assert_int_equal(offset, distance);
}

static void
test_names(void **state)
{
    (void)state;
    check(10, "main", 0);
    check(14, "main", 4);
    check(15, "abc_ab", 0);
    check(214, "abc_ab", 199);
    check(215, "f", 0);
    check(10, "main", 0);
}

static void
test_long_name(void **state)
{
    char expected[64];

    (void)state;
    for (unsigned i = 0; i < sizeof(expected) - 1; i++)
        expected[i] = 'x';
    expected[sizeof(expected) - 1] = '\0';
    check(TEXT_SIZE - 1, expected, TEXT_SIZE - 1 - 216);
}

static void
test_outside(void **state)
{
    uint32_t offset;

    (void)state;
    assert_null(symbol_name((uintptr_t)text_start - 1, &offset));
    assert_null(symbol_name((uintptr_t)text_start + 9, &offset));
    assert_null(symbol_name((uintptr_t)text_start + TEXT_SIZE, &offset));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_name),
        cmocka_unit_test(test_outside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
