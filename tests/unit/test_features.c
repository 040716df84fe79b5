/*
 * Which features are accepted of which offer: the pure function of the core, against a plain
 * reference over random offers, wishes and tables; and the names that people see (checklist
 * rows 20 to 23).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "drivers/virtio/virtio.h"
#include "kernel/kernel.h"

/* Ring and transport bits that this core serves, by number (virtio 1.2, 6). */
#define SERVED (BIT(27) | BIT(28) | BIT(29) | BIT(32) | BIT(33) | BIT(34) | BIT(36))
/* Bits that no device type owns. */
#define OTHERS ((BIT(50) - 1) & ~(BIT(24) - 1))

static uint64_t seed = 1;

static uint64_t
random64(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static bool
holds(uint64_t bits, unsigned bit)
{
    return bits & BIT(bit);
}

/* Row 21: nothing is accepted without what it needs, and nothing is lost without a reason. */
static void
test_dependencies(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 200000; round++) {
        struct virtio_dependency table[9] = {0};
        unsigned n = random64() % 9;
        for (unsigned i = 0; i < n; i++) {
            table[i].bit = random64() % 24;
            table[i].needs = (table[i].bit + 1 + random64() % 23) % 24;
        }
        uint64_t offered = random64() | random64(), wanted = random64() | random64();
        uint64_t got = virtio_features_accept(offered, wanted, true, table);
        uint64_t most = offered & ((wanted & ~OTHERS) | SERVED);
        assert_true((got & ~most) == 0);
        for (unsigned i = 0; i < n; i++)
            assert_true(!holds(got, table[i].bit) || holds(got, table[i].needs));
        /* A bit that went has a chain of needs that ends at one that was not to be had: give
         * back one at a time, and the table must be broken. */
        uint64_t lost = most & ~got;
        bool reason = lost == 0;
        for (unsigned i = 0; i < n; i++)
            reason |= holds(lost, table[i].bit) && !holds(got, table[i].needs);
        assert_true(reason);
        for (unsigned bit = 0; bit < 64; bit++) {
            if (!holds(lost, bit))
                continue;
            bool needs_missing = false;
            for (unsigned i = 0; i < n; i++)
                needs_missing |= table[i].bit == bit && !holds(got, table[i].needs);
            assert_true(needs_missing);
        }
    }
}

/* Row 21 with the table of a real device: TSO on CSUM, and chains of two. */
static void
test_chain_of_needs(void **state)
{
    static const struct virtio_dependency table[] = {{9, 7}, {7, 1}, {11, 0}, {22, 17}, {0, 0}};

    (void)state;
    assert_int_equal(virtio_features_accept(BIT(9) | BIT(7), ~0ull, true, table), 0);
    assert_int_equal(virtio_features_accept(BIT(9) | BIT(7) | BIT(1), ~0ull, true, table),
                     BIT(9) | BIT(7) | BIT(1));
    assert_int_equal(virtio_features_accept(BIT(11) | BIT(22), ~0ull, true, table), 0);
    assert_int_equal(virtio_features_accept(BIT(11) | BIT(0), ~0ull, true, table),
                     BIT(11) | BIT(0));
    assert_int_equal(virtio_features_accept(BIT(9), ~0ull, true, NULL), BIT(9));
}

/* Rows 20 and 22: every bit alone, on both sides of 31. */
static void
test_each_bit(void **state)
{
    static const struct virtio_dependency none[] = {{0, 0}};

    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        bool device = !holds(OTHERS, bit), served = holds(SERVED, bit);
        uint64_t modern = device || served ? BIT(bit) : 0;
        assert_int_equal(virtio_features_accept(BIT(bit), ~0ull, true, none), modern);
        assert_int_equal(virtio_features_accept(BIT(bit), ~0ull, false, none),
                         bit < 32 ? modern : 0);
        /* Not asked for: only what the core serves itself. */
        assert_int_equal(virtio_features_accept(BIT(bit), 0, true, none),
                         served ? BIT(bit) : 0);
        /* Not offered. */
        assert_int_equal(virtio_features_accept(~BIT(bit), BIT(bit), true, none) & BIT(bit), 0);
    }
}

/* Row 23: what the device offers says nothing; what was negotiated does. */
static void
test_negotiated_counts(void **state)
{
    struct virtio_device v = {.offered = ~0ull};

    (void)state;
    for (unsigned bit = 0; bit < 64; bit++)
        assert_false(virtio_has(&v, bit));
    for (unsigned bit = 0; bit < 64; bit++) {
        v.negotiated = BIT(bit);
        for (unsigned other = 0; other < 64; other++)
            assert_int_equal(virtio_has(&v, other), other == bit);
    }
}

static void
test_names(void **state)
{
    (void)state;
    assert_string_equal(virtio_type_name(1), "net");
    assert_string_equal(virtio_type_name(2), "block");
    assert_string_equal(virtio_type_name(3), "console");
    assert_string_equal(virtio_type_name(4), "entropy");
    assert_string_equal(virtio_type_name(0), "unknown");
    assert_string_equal(virtio_type_name(60000), "unknown");
    assert_string_equal(virtio_feature_name(1, 15), "MRG_RXBUF");
    assert_string_equal(virtio_feature_name(2, 9), "FLUSH");
    assert_string_equal(virtio_feature_name(3, 0), "SIZE");
    assert_string_equal(virtio_feature_name(4, 29), "EVENT_IDX");
    assert_string_equal(virtio_feature_name(77, 32), "VERSION_1");
    assert_null(virtio_feature_name(4, 0));
    assert_null(virtio_feature_name(77, 5));
    assert_null(virtio_feature_name(1, 49));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dependencies), cmocka_unit_test(test_chain_of_needs),
        cmocka_unit_test(test_each_bit),     cmocka_unit_test(test_negotiated_counts),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
