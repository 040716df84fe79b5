/*
 * The parts of arch/x86 that only compute: scaling of time, decoding of the real-time clock
 * (with its races, over a model of its two ports), and the search for \_S5 in firmware bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "arch/x86/firmware/aml.h"
#include "arch/x86/time/rtc.h"
#include "arch/x86/time/scale.h"
#include "kernel/errno.h"

/* ---- a real-time clock in two ports ---- */

static uint8_t cmos[128], cmos_next[128];
static uint8_t cmos_index;
static long update_polls;  /* readings of status A that say "updating"; negative: all do */
static long reads_to_tick; /* register readings until cmos_next takes over; 0: never */

uint32_t
model_port_read(uint16_t port, unsigned width)
{
    assert_int_equal(port, 0x71);
    assert_int_equal(width, 1);
    if (cmos_index == 0x0a) {
        if (update_polls > 0)
            update_polls--;
        return update_polls ? 0x80 : 0x26;
    }
    if (reads_to_tick && --reads_to_tick == 0)
        memcpy(cmos, cmos_next, sizeof(cmos));
    return cmos[cmos_index];
}

void
model_port_write(uint16_t port, uint32_t value, unsigned width)
{
    assert_int_equal(port, 0x70);
    assert_int_equal(width, 1);
    assert_true(value < sizeof(cmos));
    cmos_index = (uint8_t)value;
}

/* ---- scale ---- */

static void
scale_agrees_with_wide_arithmetic(void **state)
{
    static const uint64_t rates[] = {1000000,    1193182,    33333333,    999999999,
                                     1000000000, 2399998123, 4294967296u, 68000000000};
    static const uint64_t values[] = {0, 1, 999, UINT32_MAX, 1ull << 32, (1ull << 53) + 12345};

    (void)state;
    for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
        struct scale s = scale_make(rates[r], 1000000000);
        assert_in_range(s.shift, 0, 32);
        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
            unsigned __int128 wide = (unsigned __int128)values[v] * s.mult >> s.shift;
            assert_true(scale_apply(s, values[v]) == (uint64_t)wide);
        }
        /* A day, to a microsecond a second: mult keeps enough bits. */
        uint64_t day = scale_apply(s, rates[r] * 86400), exact = 86400ull * 1000000000;
        assert_true(day <= exact && exact - day < 86400ull * 1000);
    }
}

static void
scale_never_decreases(void **state)
{
    struct scale s = scale_make(2399998123, 1000000000);
    uint64_t last = 0;

    (void)state;
    /* Across the carries into the upper half. */
    for (uint64_t v = (7ull << 32) - 100000; v < (7ull << 32) + 100000; v++) {
        uint64_t ns = scale_apply(s, v);
        assert_true(ns >= last);
        last = ns;
    }
}

/* ---- real-time clock ---- */

static uint8_t
bcd(int value)
{
    return (uint8_t)(value / 10 << 4 | value % 10);
}

static void
rtc_knows_every_day(void **state)
{
    (void)state;
    for (time_t day = 0; day < 130ll * 366; day++) {
        time_t t = day * 86400 + day % 86400;
        struct tm tm;
        uint64_t seconds = 1;
        gmtime_r(&t, &tm);
        int year = tm.tm_year + 1900;
        struct rtc_registers r = {
            bcd(tm.tm_sec),     bcd(tm.tm_min),  bcd(tm.tm_hour), bcd(tm.tm_mday),
            bcd(tm.tm_mon + 1), bcd(year % 100), bcd(year / 100), 0x02};
        assert_int_equal(rtc_decode(&r, &seconds), 0);
        assert_int_equal(seconds, t);
    }
}

static void
rtc_reads_every_notation(void **state)
{
    static const struct {
        struct rtc_registers r;
        uint64_t seconds; /* of 2026-11-22 */
    } cases[] = {
        {{0x56, 0x34, 0x12, 0x22, 0x11, 0x26, 0x20, 0x02}, 45296}, /* BCD, 24 hours */
        {{56, 34, 12, 22, 11, 26, 20, 0x06}, 45296},               /* binary, 24 hours */
        {{0x56, 0x34, 0x92, 0x22, 0x11, 0x26, 0x20, 0x00}, 45296}, /* BCD, 12 PM */
        {{0x56, 0x34, 0x12, 0x22, 0x11, 0x26, 0x20, 0x00}, 2096},  /* BCD, 12 AM */
        {{56, 34, 0x80 | 11, 22, 11, 26, 20, 0x04}, 84896},        /* binary, 11 PM */
        {{56, 34, 11, 22, 11, 26, 20, 0x04}, 41696},               /* binary, 11 AM */
        {{56, 34, 12, 22, 11, 26, 0, 0x06}, 45296},                /* no century byte */
        {{56, 34, 12, 22, 11, 26, 0xff, 0x06}, 45296},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t seconds = 0;
        assert_int_equal(rtc_decode(&cases[i].r, &seconds), 0);
        assert_int_equal(seconds, 1795305600 + cases[i].seconds);
    }
}

static void
rtc_refuses_what_is_no_date(void **state)
{
    static const struct rtc_registers bad[] = {
        {60, 0, 0, 1, 1, 26, 20, 0x06}, {0, 60, 0, 1, 1, 26, 20, 0x06},
        {0, 0, 24, 1, 1, 26, 20, 0x06}, {0, 0, 0, 0, 1, 26, 20, 0x06},
        {0, 0, 0, 32, 1, 26, 20, 0x06}, {0, 0, 0, 1, 0, 26, 20, 0x06},
        {0, 0, 0, 1, 13, 26, 20, 0x06}, {0, 0, 0, 29, 2, 26, 20, 0x06},
        {0, 0, 0, 31, 4, 26, 20, 0x06}, {0, 0, 0, 1, 1, 100, 20, 0x06},
        {0, 0, 0, 1, 1, 69, 19, 0x06},  {0, 0, 13, 1, 1, 26, 20, 0x04},
        {0, 0, 0, 1, 1, 26, 20, 0x04},  {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint64_t seconds = 42;
        assert_int_equal(rtc_decode(&bad[i], &seconds), -EINVAL);
        assert_int_equal(seconds, 42);
    }
}

/* 2026-12-31 23:59:59, and the second after it, in which every register differs. */
static void
set_new_year(void)
{
    static const uint8_t before[] = {[0] = 0x59, [2] = 0x59, [4] = 0x23,    [7] = 0x31,
                                     [8] = 0x12, [9] = 0x26, [0x0b] = 0x02, [0x32] = 0x20};
    static const uint8_t after[] = {[0] = 0x00, [2] = 0x00, [4] = 0x00,    [7] = 0x01,
                                    [8] = 0x01, [9] = 0x27, [0x0b] = 0x02, [0x32] = 0x20};

    memcpy(cmos, before, sizeof(before));
    memcpy(cmos_next, after, sizeof(after));
    update_polls = 0;
    reads_to_tick = 0;
}

static void
rtc_survives_an_update_at_any_register(void **state)
{
    const uint64_t last_second = 1798761599;

    (void)state;
    for (long at = 1; at < 40; at++) {
        uint64_t seconds = 0;
        set_new_year();
        update_polls = at;
        reads_to_tick = at;
        assert_int_equal(rtc_read(&seconds), 0);
        assert_in_range(seconds, last_second, last_second + 1);
    }
}

static void
rtc_that_never_stops_updating_is_an_error(void **state)
{
    uint64_t seconds = 42;

    (void)state;
    set_new_year();
    update_polls = -1;
    assert_int_equal(rtc_read(&seconds), -EIO);
    assert_int_equal(seconds, 42);
}

/* ---- ACPI ---- */

/* In memory of exactly its size, so that the sanitizer sees every byte read behind it. */
static int
find_s5(const void *bytes, size_t len, uint8_t types[2])
{
    uint8_t *copy = malloc(len ? len : 1);

    memcpy(copy, bytes, len);
    int result = aml_find_s5(len ? copy : copy + 1, len, types);
    free(copy);
    return result;
}

static void
s5_is_found_in_every_spelling(void **state)
{
    static const struct {
        uint8_t aml[24];
        size_t len;
        uint8_t types[2];
    } cases[] = {
        {"\x08_S5_\x12\x06\x04\x00\x00\x00\x00", 12, {0, 0}},
        {"\x08\\_S5_\x12\x06\x02\x01\x01", 11, {1, 1}},
        {"\x08_S5_\x12\x08\x04\x0a\x05\x0a\x07\x00\x00", 14, {5, 7}},
        {"\x08_S5_\x12\x45\x00\x04\x0b\x05\x00\x00\x00\x00", 14, {5, 0}},
        {"\x08_S5_\x12\x08\x02\x0c\x06\x00\x00\x00\x01", 14, {6, 1}},
        /* Behind things that look like it. */
        {"_S5_\x08_S5_\x08_S5_\x12\x06\x04\x0a\x03\x00", 20, {3, 0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t types[2] = {9, 9};
        assert_int_equal(find_s5(cases[i].aml, cases[i].len, types), 0);
        assert_memory_equal(types, cases[i].types, 2);
    }
}

static void
s5_is_refused_when_cut_or_wrong(void **state)
{
    static const char whole[] = "\x08\\_S5_\x12\x08\x04\x0a\x05\x0a\x07";
    static const struct {
        const char *aml;
        size_t len;
    } bad[] = {
        {"\x08_S5_\x12\x06\x01\x00\x00", 10},     /* one element */
        {"\x08_S5_\x12\x06\x04\x0a\x08\x00", 11}, /* three bits at most */
        {"\x08_S5_\x11\x06\x04\x00\x00", 10},     /* a buffer */
        {"\x08_S5_\x12\x06\x04\x70\x00", 10},     /* no constant */
        {"\x08_S5_\x12\xc6\x04\x00\x00", 10},     /* its length leaves the table */
        {"\x10_S5_\x12\x06\x04\x00\x00", 10},     /* a scope */
    };
    uint8_t types[2];

    (void)state;
    for (size_t len = 0; len < sizeof(whole) - 1; len++)
        assert_int_equal(find_s5(whole, len, types), -ENOENT);
    assert_int_equal(find_s5(whole, sizeof(whole) - 1, types), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(find_s5(bad[i].aml, bad[i].len, types), -ENOENT);
}

static void
s5_search_stays_inside_hostile_bytes(void **state)
{
    /* Only what the search reacts to, so that it gets far. */
    static const uint8_t alphabet[] = {0x08, '\\', '_',  'S',  '5',  0x12, 0,   1,
                                       2,    0x0a, 0x0b, 0x0c, 0x46, 0xc6, 0xff};
    uint8_t aml[40], types[2];

    (void)state;
    srand(1);
    for (unsigned round = 0; round < 200000; round++) {
        size_t len = (size_t)rand() % sizeof(aml);
        for (size_t i = 0; i < len; i++)
            aml[i] = alphabet[(size_t)rand() % sizeof(alphabet)];
        if (len > 8)
            memcpy(aml + (size_t)rand() % (len - 5), "\x08_S5_", 5);
        if (find_s5(aml, len, types) == 0)
            assert_true(types[0] < 8 && types[1] < 8);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scale_agrees_with_wide_arithmetic),
        cmocka_unit_test(scale_never_decreases),
        cmocka_unit_test(rtc_knows_every_day),
        cmocka_unit_test(rtc_reads_every_notation),
        cmocka_unit_test(rtc_refuses_what_is_no_date),
        cmocka_unit_test(rtc_survives_an_update_at_any_register),
        cmocka_unit_test(rtc_that_never_stops_updating_is_an_error),
        cmocka_unit_test(s5_is_found_in_every_spelling),
        cmocka_unit_test(s5_is_refused_when_cut_or_wrong),
        cmocka_unit_test(s5_search_stays_inside_hostile_bytes),
    };

    return cmocka_run_group_tests_name("x86", tests, NULL, NULL);
}
