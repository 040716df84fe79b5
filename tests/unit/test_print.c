/*
 * The kernel's formatting against the host's snprintf: random specifications of the kind that
 * kernel/kernel.h promises, with values at the edges of every width, into buffers of every
 * size. And parse_number against strtoull.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "kernel/kernel.h"

#define ROUNDS 100000

static uint64_t
random64(void)
{
    uint64_t value = 0;

    for (int i = 0; i < 5; i++)
        value = value << 15 ^ (uint64_t)rand();
    return value;
}

/* Mostly numbers around a power of two, where digits, signs and widths change. */
static uint64_t
edge_value(void)
{
    uint64_t power = 1ull << rand() % 64;

    switch (rand() % 4) {
    case 0:
        return random64();
    case 1:
        return power - 1;
    case 2:
        return 0 - power;
    default:
        return power + (uint64_t)(rand() % 3);
    }
}

/* Both writers with the same arguments into buffers of `size`; compared to the last byte. */
static void
compare(size_t size, const char *format, ...)
{
    char want[256], got[256];
    va_list ap;

    memset(want, '#', sizeof(want));
    memset(got, '#', sizeof(got));
    va_start(ap, format);
    int n = vsnprintf(want, size, format, ap);
    va_end(ap);
    va_start(ap, format);
    int m = kvsnprintf(got, size, format, ap);
    va_end(ap);
    size_t used = size ? strnlen(want, size) + 1 : 0;
    if (n != m || memcmp(want, got, used) != 0)
        fail_msg("\"%s\" into %zu bytes: '%.*s' (%d) instead of '%.*s' (%d)", format, size,
                 (int)size, got, m, (int)size, want, n);
    for (size_t behind = size; behind < sizeof(got); behind++)
        assert_int_equal(got[behind], '#');
}

/* "%", flags and width into `format`; returns its end. */
static char *
random_prefix(char *format, const char *flags)
{
    *format++ = '%';
    while (rand() % 3 == 0)
        *format++ = flags[(size_t)rand() % strlen(flags)];
    if (rand() % 2)
        format += sprintf(format, "%d", 1 + rand() % 70);
    return format;
}

static void
one_number(size_t size)
{
    static const char conversions[] = "diuxX";
    static const char *const lengths[] = {"", "l", "ll", "z", "h", "hh"};
    char format[64];
    uint64_t value = edge_value();
    int length = rand() % 6;

    sprintf(random_prefix(format, "-0"), "%s%c", lengths[length], conversions[rand() % 5]);
    if (length == 1)
        compare(size, format, (unsigned long)value);
    else if (length == 2)
        compare(size, format, (unsigned long long)value);
    else if (length == 3)
        compare(size, format, (size_t)value);
    else
        compare(size, format, (unsigned)value);
}

static void
one_text(size_t size)
{
    char format[64], text[64];
    size_t len = (size_t)rand() % (sizeof(text) - 1);
    char *end = random_prefix(format, "-");

    memset(text, 'a' + rand() % 26, len);
    text[len] = '\0';
    if (rand() % 2)
        end += sprintf(end, ".%d", rand() % 80);
    strcpy(end, "s");
    compare(size, format, text);
}

static void
one_character(size_t size)
{
    char format[64];

    strcpy(random_prefix(format, "-"), "c");
    compare(size, format, 1 + rand() % 127);
}

/* Width and precision as arguments; the text has no end within its precision. */
static void
one_star(size_t size)
{
    int len = rand() % 40;
    char *open = malloc((size_t)len + 1);

    memset(open, 'x', (size_t)len + 1);
    compare(size, "%*.*s|%*d", rand() % 100 - 50, len, open, rand() % 100 - 50, rand());
    free(open);
}

static void
test_against_host(void **state)
{
    (void)state;
    srand(2);
    for (int round = 0; round < ROUNDS; round++) {
        size_t size = rand() % 2 ? 200 : (size_t)rand() % 40;
        one_number(size);
        one_text(size);
        one_character(size);
        one_star(size);
    }
}

static void
test_several(void **state)
{
    (void)state;
    srand(3);
    for (int round = 0; round < 20000; round++) {
        uint64_t a = edge_value(), b = edge_value();
        compare((size_t)rand() % 200, "<%5d|%-8s|%02x%%|%llu|%zx|%c>", (int)a, "word",
                (unsigned)b & 255, (unsigned long long)b, (size_t)a, 'z');
    }
}

/* Formats that the compiler would rightly warn about. */
static int
unchecked(char *to, size_t size, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    int n = kvsnprintf(to, size, format, ap);
    va_end(ap);
    return n;
}

/* Where it differs from the host's on purpose, and the odd ends. */
static void
test_own_rules(void **state)
{
    char text[64];

    (void)state;
    ksnprintf(text, sizeof(text), "%p", (void *)(uintptr_t)0x1234);
    assert_string_equal(text, "0x00001234");
    unchecked(text, sizeof(text), "%s", NULL);
    assert_string_equal(text, "(null)");
    assert_int_equal(ksnprintf(NULL, 0, "%d", 12345), 5);
    assert_int_equal(unchecked(text, sizeof(text), "50%"), 2);
    assert_string_equal(text, "50");
    assert_int_equal(unchecked(text, sizeof(text), "1%-"), 1);
}

/* The host's reading, with the signs and blanks that strtoull skips refused. */
static int
reference_number(const char *text, uint64_t max, uint64_t *out)
{
    char *end;
    int base = strncmp(text, "0x", 2) == 0 || strncmp(text, "0X", 2) == 0 ? 16 : 10;
    const char *digits = base == 16 ? text + 2 : text;

    if (!*digits || strspn(digits, "0123456789abcdefABCDEF") != strlen(digits))
        return -1;
    unsigned long long value = strtoull(digits, &end, base);
    if (*end || strlen(digits) > 20 || value > max)
        return -1;
    if (value == UINT64_MAX && strcmp(digits, "18446744073709551615") != 0 &&
        strcasecmp(digits, "ffffffffffffffff") != 0)
        return -1; /* it overflowed */
    *out = value;
    return 0;
}

static void
check_number(const char *text, uint64_t max)
{
    uint64_t want = 77, got = 77;
    int error = reference_number(text, max, &want);

    if ((parse_number(text, max, &got) == 0) != (error == 0) || want != got)
        fail_msg("parse_number(%s, %llu) gives %llu instead of %llu", text,
                 (unsigned long long)max, (unsigned long long)got, (unsigned long long)want);
}

static void
test_parse_number(void **state)
{
    static const char *const odd[] = {"",
                                      "0x",
                                      "0",
                                      "00",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "0xg",
                                      "x1",
                                      "1x",
                                      "0x0x1",
                                      "18446744073709551615",
                                      "18446744073709551616",
                                      "99999999999999999999",
                                      "0xffffffffffffffff",
                                      "0x10000000000000000"};
    static const uint64_t limits[] = {0, 1, 9, 255, 256, 65535, UINT32_MAX, UINT64_MAX};
    char text[40];

    (void)state;
    srand(4);
    for (size_t m = 0; m < ARRAY_SIZE(limits); m++) {
        for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
            check_number(odd[i], limits[m]);
        for (int round = 0; round < 20000; round++) {
            uint64_t value = rand() % 2 ? edge_value() : limits[m] + (uint64_t)(rand() % 3) - 1;
            sprintf(text, rand() % 2 ? "%llu" : "0x%llx", (unsigned long long)value);
            check_number(text, limits[m]);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_host),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_own_rules),
        cmocka_unit_test(test_parse_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
