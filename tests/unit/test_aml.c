/*
 * The search for devices in AML, over tables made here in the form that QEMU's microvm has, and
 * over tables that are broken (checklist row 41). Each lies in an allocation of just its size,
 * so that the sanitizer sees a step past either end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "arch/x86/firmware/aml.h"
#include "kernel/errno.h"

#define HID "LNRO0005"

/* ---- making tables ---- */

struct bytes {
    uint8_t data[4096];
    size_t len;
};

static void
put(struct bytes *b, const void *from, size_t len)
{
    assert_true(b->len + len <= sizeof(b->data));
    memcpy(b->data + b->len, from, len);
    b->len += len;
}

static void
put8(struct bytes *b, unsigned value)
{
    put(b, &(uint8_t){value}, 1);
}

static void
put32(struct bytes *b, uint32_t value)
{
    put(b, &value, 4);
}

/* A package length in `extra` more bytes than one, and what it counts. */
static void
put_package(struct bytes *b, unsigned extra, const struct bytes *inside)
{
    size_t length = inside->len + 1 + extra;

    if (extra == 0) {
        assert_true(length < 64);
        put8(b, length);
    } else {
        put8(b, extra << 6 | (length & 15));
        for (unsigned i = 0; i < extra; i++)
            put8(b, length >> (4 + 8 * i));
    }
    put(b, inside->data, inside->len);
}

static void
put_resources(struct bytes *b, const struct bytes *resources)
{
    struct bytes buffer = {.len = 0};

    put8(&buffer, 0x0a);
    put8(&buffer, resources->len);
    put(&buffer, resources->data, resources->len);
    put(b, "\x08_CRS\x11", 6);
    put_package(b, buffer.len < 63 ? 0 : 1, &buffer);
}

static void
put_memory(struct bytes *b, uint32_t base, uint32_t size)
{
    put(b, "\x86\x09\0\x01", 4);
    put32(b, base);
    put32(b, size);
}

static void
put_interrupt(struct bytes *b, unsigned flags, uint32_t gsi)
{
    put(b, "\x89\x06\0", 3);
    put8(b, flags);
    put8(b, 1);
    put32(b, gsi);
}

static void
put_body(struct bytes *b, const char *hid, uint32_t base, uint32_t gsi)
{
    struct bytes resources = {.len = 0};

    put(b, "VR07\x08_HID\x0d", 10);
    put(b, hid, strlen(hid) + 1);
    put(b, "\x08_UID\x0a\x07", 7);
    put_memory(&resources, base, 0x200);
    put_interrupt(&resources, 1, gsi);
    put(&resources, "\x79", 2);
    put_resources(b, &resources);
}

static void
put_device(struct bytes *b, unsigned extra, const struct bytes *body)
{
    put(b, "\x5b\x82", 2);
    put_package(b, extra, body);
}

static struct bytes
device(unsigned extra, const char *hid, uint32_t base, uint32_t gsi)
{
    struct bytes body = {.len = 0}, b = {.len = 0};

    put_body(&body, hid, base, gsi);
    put_device(&b, extra, &body);
    return b;
}

/* ---- looking ---- */

static unsigned
find(const uint8_t *aml, size_t len, struct aml_device *out, unsigned most)
{
    uint8_t *copy = malloc(len ? len : 1);
    size_t at = 0;
    unsigned n = 0;

    memcpy(copy, aml, len);
    while (n < most && aml_next_device(copy, len, HID, &at, &out[n]) == 0)
        n++;
    free(copy);
    return n;
}

static unsigned
find_in(const struct bytes *b, struct aml_device *out)
{
    return find(b->data, b->len, out, 8);
}

static void
several_devices(void **state)
{
    struct aml_device found[8];
    struct bytes b = {.len = 0};

    (void)state;
    put(&b, "\x10\x42\x1a_SB_", 7);
    for (unsigned i = 0; i < 4; i++) {
        /* The length in one to four bytes, and another device between. */
        struct bytes d = device(i ? i : 1, HID, 0xfeb00000 + 0x200 * i, 16 + i);
        struct bytes other = device(1, "QEMU0002", 0x1000, 3);
        put(&b, d.data, d.len);
        put(&b, other.data, other.len);
    }
    assert_int_equal(find_in(&b, found), 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(found[i].base, 0xfeb00000 + 0x200 * i);
        assert_int_equal(found[i].size, 0x200);
        assert_int_equal(found[i].gsi, 16 + i);
        assert_true(found[i].level);
    }
}

/* A bus around devices has no id of its own and does not take one of theirs. */
static void
nested_devices(void **state)
{
    struct aml_device found[8];
    struct bytes b = {.len = 0}, bus = {.len = 0};
    struct bytes first = device(1, HID, 0x10000000, 5), second = device(1, HID, 0x20000000, 6);

    (void)state;
    put(&bus, "BUS0", 4);
    put(&bus, first.data, first.len);
    put(&bus, second.data, second.len);
    put_device(&b, 1, &bus);
    assert_int_equal(find_in(&b, found), 2);
    assert_int_equal(found[0].base, 0x10000000);
    assert_int_equal(found[1].gsi, 6);
}

/* The first of each kind of resource; others are passed over. */
static void
kinds_of_resources(void **state)
{
    struct bytes b = {.len = 0}, body = {.len = 0}, r = {.len = 0};
    struct aml_device found[8];

    (void)state;
    put(&body, "VR07\x08_HID\x0d" HID, 19);
    put(&r, "\x47\x01\x10\x05\x10\x05\x01\x0c", 8); /* ports */
    put_interrupt(&r, 3, 77);
    put_memory(&r, 0xd0000000, 0x1000);
    put_memory(&r, 0xe0000000, 0x2000);
    put_interrupt(&r, 1, 78);
    put(&r, "\x79", 2);
    put_memory(&r, 0xf0000000, 0x3000);
    put_resources(&body, &r);
    put_device(&b, 2, &body);
    assert_int_equal(find_in(&b, found), 1);
    assert_int_equal(found[0].base, 0xd0000000);
    assert_int_equal(found[0].size, 0x1000);
    assert_int_equal(found[0].gsi, 77);
    assert_false(found[0].level);
}

/* Without a window, an interrupt, an id that is the whole string, or constants: no device. */
static void
incomplete_devices(void **state)
{
    struct aml_device found[8] = {{.base = 1}};

    (void)state;
    for (unsigned missing = 0; missing < 5; missing++) {
        struct bytes b = {.len = 0}, body = {.len = 0}, r = {.len = 0};
        put(&body, "VR07\x08_HID\x0d", 10);
        put(&body,
            missing == 2   ? HID "1"
            : missing == 3 ? "LNRO000"
                           : HID,
            missing == 2   ? 10
            : missing == 3 ? 8
                           : 9);
        if (missing != 0)
            put_memory(&r, 0xd0000000, 0x1000);
        if (missing != 1)
            put_interrupt(&r, 1, 5);
        put(&r, "\x79", 2);
        if (missing == 4)
            put(&body, "\x14\x08_CRS\x00\xa4\x60", 9); /* a method */
        else
            put_resources(&body, &r);
        put_device(&b, 1, &body);
        assert_int_equal(find_in(&b, found), 0);
        assert_int_equal(found[0].base, 1);
    }
}

/* The last resource claims more bytes than the table has left. */
static void
overlong_resource(void **state)
{
    struct bytes b = {.len = 0}, body = {.len = 0}, r = {.len = 0};
    struct aml_device found[8];

    (void)state;
    put(&body, "VR07\x08_HID\x0d" HID, 19);
    put_interrupt(&r, 1, 5);
    put(&r, "\x86\x09\0", 3);
    put_resources(&body, &r);
    put_device(&b, 1, &body);
    assert_int_equal(find_in(&b, found), 0);
}

/* Every prefix, and every byte with every value: nothing outside is touched, nothing hangs, and
 * what is found lies inside what the table has. */
static void
broken_tables(void **state)
{
    struct bytes b = {.len = 0};
    struct bytes first = device(1, HID, 0x10000000, 5), second = device(2, HID, 0x20000000, 6);
    struct aml_device found[8];

    (void)state;
    put(&b, first.data, first.len);
    put(&b, second.data, second.len);
    for (size_t len = 0; len < b.len; len++)
        assert_in_range(find(b.data, len, found, 8), 0, len < first.len ? 0 : 1);
    for (size_t at = 0; at < b.len; at++) {
        uint8_t was = b.data[at];
        for (unsigned value = 0; value < 256; value++) {
            b.data[at] = (uint8_t)value;
            assert_in_range(find(b.data, b.len, found, 8), 0, 2);
        }
        b.data[at] = was;
    }
}

/* Bytes at random out of those that mean something. */
static void
random_tables(void **state)
{
    static const uint8_t usual[] = {0x5b, 0x82, 0x08, 0x0d, 0x11, 0x0a, 0x0b, 0x0c,
                                    0x86, 0x89, 0x79, 0x00, 0x01, 0x42, 0xff, 0x3f};
    struct bytes good = device(1, HID, 0x10000000, 5);
    struct aml_device found[8];
    unsigned seed = 1;

    (void)state;
    for (unsigned round = 0; round < 100000; round++) {
        uint8_t aml[256];
        size_t len = (unsigned)rand_r(&seed) % sizeof(aml);
        for (size_t i = 0; i < len; i++)
            aml[i] = usual[rand_r(&seed) % (int)sizeof(usual)];
        for (unsigned i = 0; i < 3 && len > good.len; i++) {
            size_t n = (unsigned)rand_r(&seed) % good.len;
            memcpy(aml + (unsigned)rand_r(&seed) % (len - n), good.data, n);
        }
        assert_in_range(find(aml, len, found, 8), 0, 8);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_devices),    cmocka_unit_test(nested_devices),
        cmocka_unit_test(kinds_of_resources), cmocka_unit_test(incomplete_devices),
        cmocka_unit_test(overlong_resource),  cmocka_unit_test(broken_tables),
        cmocka_unit_test(random_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
