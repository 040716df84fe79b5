/*
 * The split ring against a device that the tests play themselves (split_device.h). Each test
 * names the rows of the virtio checklist that it covers.
 */
#include "split_device.h"
#include "ring_tests.h"
#include "ring_races.h"

/* ---- tests ---- */

/* One chain of one part there and back, `n` times, without notifications in the way. */
static void
spin(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(add(1, 0, TOKEN(1)), 0);
        dev_serve(0);
        assert_ptr_equal(vq_reap(q, NULL), TOKEN(1));
    }
    vq_kick(q);
    notified = 0;
    dev_signalled = dev_used;
}

static const uint16_t sizes[] = {1, 2, 256, 32768};

/* Row 5: every size, filled and emptied in several orders across 65535 -> 0. */
static void
test_wrap(void **state)
{
    (void)state;
    for (unsigned s = 0; s < ARRAY_SIZE(sizes); s++) {
        for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
            uint16_t *heads = calloc(sizes[s], sizeof(*heads));
            bed_up(sizes[s], modes[m]);
            spin(65530);
            assert_int_equal(get16(AVAIL_IDX), 65530);
            for (unsigned lap = 0; lap < 3; lap++) {
                unsigned rounds = MAX(20u / size, 1u);
                while (rounds--) {
                    for (unsigned i = 0; i < size; i++) {
                        assert_int_equal(q->free, size - i);
                        assert_int_equal(add(0, 1, TOKEN(1 + i)), 0);
                        heads[i] = dev_take();
                        assert_true(heads[i] < size);
                    }
                    assert_int_equal(add(0, 1, TOKEN(1)), -ENOSPC);
                    for (unsigned i = 0; i < size; i++) {
                        /* In order, in reverse, neighbours swapped. */
                        unsigned at = lap == 0 ? i : lap == 1 ? size - 1 - i : i ^ (size > 1);
                        dev_put(heads[at], 1);
                        uint32_t len = 0;
                        assert_ptr_equal(vq_reap(q, &len), TOKEN(1 + at));
                        assert_int_equal(len, 1);
                    }
                    assert_null(vq_reap(q, NULL));
                    assert_int_equal(q->free, size);
                }
            }
            assert_false(q->broken);
            assert_int_equal(q->violations, 0);
            free(heads);
        }
    }
}

/* Row 6: sizes that no ring can have. */
static void
test_impossible_sizes(void **state)
{
    static const uint16_t wrong[] = {0, 3, 6, 255, 257, 32767, 32769, 65535};

    (void)state;
    bed_up(4, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct vq_area area = {0};
        assert_int_equal(split_area_alloc(&area, wrong[i], 4096), -EINVAL);
        assert_null(area.desc);
        struct virtqueue other = {.area = q->area};
        other.area.size = wrong[i];
        assert_int_equal(split_init(&other), -EINVAL);
        assert_null(other.ring);
    }
}

/* The areas' place: row 33's alignment, written (zeroed), not overlapping. */
static void
test_areas(void **state)
{
    static const unsigned aligns[] = {4, 4096};

    (void)state;
    for (unsigned s = 0; s < ARRAY_SIZE(sizes); s++) {
        for (unsigned a = 0; a < ARRAY_SIZE(aligns); a++) {
            struct vq_area area = {0};
            size_t n = sizes[s];
            assert_int_equal(split_area_alloc(&area, n, aligns[a]), 0);
            uint8_t *d = area.desc, *drv = area.driver, *dev = area.device;
            assert_int_equal((uintptr_t)d % 4096, 0);
            assert_int_equal((uintptr_t)dev % aligns[a], 0);
            assert_true(drv == d + 16 * n);
            assert_true(dev >= drv + 6 + 2 * n);
            assert_true(dev < drv + 6 + 2 * n + aligns[a]);
            for (uint8_t *at = d; at < dev + 6 + 8 * n; at++)
                assert_int_equal(*at, 0);
            pages_free(area.desc, area.pages);
            assert_int_equal(shim_memory_live(), 0);
        }
    }
}

/* Rows 12 and 16: a direct chain as bytes; flags are values, not bit numbers. */
static void
test_direct_bytes(void **state)
{
    struct sg parts[3] = {{data, 5}, {data + 8, 6}, {data + 16, 7}};

    (void)state;
    bed_up(8, 0);
    assert_int_equal(vq_add(q, parts, 1, 2, TOKEN(1)), 0);
    unsigned at = get16(AVAIL_RING(0));
    for (unsigned i = 0; i < 3; i++) {
        static const unsigned flags[] = {1, 1 | 2, 2};
        assert_true(at < 8);
        assert_int_equal(get64(DESC(at)), (uintptr_t)parts[i].base);
        assert_int_equal(get32(DESC_LEN(at)), parts[i].len);
        assert_int_equal(get16(DESC_FLAGS(at)), flags[i]);
        at = get16(DESC_NEXT(at));
    }
    assert_int_equal(get16(AVAIL_IDX), 1);
    assert_int_equal(get16(AVAIL_FLAGS), 0);
    vq_irq_off(q);
    assert_int_equal(get16(AVAIL_FLAGS), 1);
    assert_false(vq_irq_on(q));
    assert_int_equal(get16(AVAIL_FLAGS), 0);
    /* With EVENT_IDX the flags stay 0 whatever is wished (2.7.7.1). */
    bed_up(8, EVENT_IDX);
    vq_irq_off(q);
    assert_int_equal(get16(AVAIL_FLAGS), 0);
    vq_irq_on(q);
    assert_int_equal(get16(AVAIL_FLAGS), 0);
}

/* Rows 15 and 16: an indirect chain as bytes; the table lives until it was used. */
static void
test_indirect_bytes(void **state)
{
    (void)state;
    bed_up(8, INDIRECT);
    assert_int_equal(add(2, 3, TOKEN(1)), 0);
    assert_int_equal(q->free, 7);
    unsigned head = dev_take();
    assert_int_equal(get16(DESC_FLAGS(head)), 4);
    assert_int_equal(get32(DESC_LEN(head)), 5 * 16);
    uint8_t *ring = desc;
    uint8_t *table = (uint8_t *)(uintptr_t)get64(DESC(head));
    desc = table;
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(get64(DESC(i)), (uintptr_t)(data + i));
        assert_int_equal(get32(DESC_LEN(i)), 1 + i);
        assert_int_equal(get16(DESC_FLAGS(i)), (i < 4 ? 1 : 0) | (i >= 2 ? 2 : 0));
        if (i < 4)
            assert_int_equal(get16(DESC_NEXT(i)), i + 1);
    }
    desc = ring;
    expect_table_kept(table);
    dev_put(head, 12);
    uint32_t len;
    assert_ptr_equal(vq_reap(q, &len), TOKEN(1));
    assert_int_equal(len, 12);
    assert_int_equal(q->free, 8);
}

/* Row 7: the device scribbles over everything that it can write. */
static void
test_scribbled_descriptors(void **state)
{
    (void)state;
    for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
        bed_up(16, modes[m]);
        for (unsigned lap = 0; lap < 100; lap++) {
            uint16_t heads[5];
            for (unsigned i = 0; i < 5; i++) {
                assert_int_equal(add(1, 1 + i % 2, TOKEN(1 + i)), 0);
                heads[i] = dev_take();
            }
            memset(desc, lap % 2 ? 0xff : 0x01, 16 * 16);
            for (unsigned i = 0; i < 16; i++)
                put16(AVAIL_RING(i), 0xffff);
            for (unsigned i = 0; i < 5; i++) {
                unsigned at = (i * 3 + lap) % 5;
                dev_put(heads[at], 1);
                assert_ptr_equal(vq_reap(q, NULL), TOKEN(1 + at));
            }
            assert_int_equal(q->free, 16);
        }
        /* All descriptors are still there, each once. */
        unsigned seen = 0;
        for (unsigned i = 0; i < 16; i++) {
            assert_int_equal(add(1, 0, TOKEN(1)), 0);
            seen |= 1u << dev_take();
        }
        assert_int_equal(seen, 0xffff);
    }
}

/* Row 8: ids that are no head in flight. */
static void
test_illegal_ids(void **state)
{
    (void)state;
    for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
        for (unsigned kind = 0; kind < 7; kind++) {
            bed_up(8, modes[m]);
            assert_int_equal(add(1, 1, TOKEN(1)), 0);
            assert_int_equal(add(1, 1, TOKEN(2)), 0);
            uint32_t first = dev_take(), second = dev_take();
            uint32_t inner = get16(DESC_NEXT(first));
            dev_put(first, 0);
            assert_ptr_equal(vq_reap(q, NULL), TOKEN(1));
            uint32_t ids[] = {8,
                              0xffffffff,
                              0x10000 + second,
                              0x80000000u | second,
                              inner,
                              get16(DESC_NEXT(second)),
                              first};
            dev_put(ids[kind], 0);
            expect_broken();
            assert_int_equal(vq_detach(q) == TOKEN(2), 1);
            assert_null(vq_detach(q));
        }
    }
}

/* Row 8: the same chain completed twice, in one go. */
static void
test_completed_twice(void **state)
{
    (void)state;
    bed_up(8, 0);
    assert_int_equal(add(1, 0, TOKEN(1)), 0);
    assert_int_equal(add(1, 0, TOKEN(2)), 0);
    uint16_t head = dev_take();
    dev_put(head, 0);
    dev_put(head, 0);
    assert_ptr_equal(vq_reap(q, NULL), TOKEN(1));
    expect_broken();
}

/* Row 8: used indices that cannot be: more than is in flight, more than the ring holds,
 * backwards. */
static void
test_illegal_indices(void **state)
{
    static const uint16_t jumps[] = {3, 8, 9, 0x7fff, 0x8000, 0xffff};

    (void)state;
    for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
        for (unsigned i = 0; i < ARRAY_SIZE(jumps); i++) {
            bed_up(8, modes[m]);
            spin(65533);
            assert_int_equal(add(1, 0, TOKEN(1)), 0);
            assert_int_equal(add(1, 0, TOKEN(2)), 0);
            put16(USED_IDX, dev_used + jumps[i]);
            expect_broken();
        }
    }
}

/* Rows 10 and 13: every avail_event there is, against counting, for several batches; the
 * indices go round 65536 meanwhile. */
static void
test_event_idx_exhaustive(void **state)
{
    static const unsigned batches[] = {1, 2, 3, 64};

    (void)state;
    bed_up(64, EVENT_IDX);
    for (unsigned b = 0; b < ARRAY_SIZE(batches); b++) {
        for (uint32_t event = 0; event < 65536; event++) {
            uint16_t old = get16(AVAIL_IDX);
            for (unsigned i = 0; i < batches[b]; i++)
                assert_int_equal(add(1, 0, TOKEN(1)), 0);
            uint16_t new = get16(AVAIL_IDX);
            assert_int_equal((uint16_t)(new - old), batches[b]);
            put16(AVAIL_EVENT, event);
            notified = 0;
            bool told = vq_kick(q);
            assert_int_equal(told, plain_passed(event, old, new));
            assert_int_equal(notified, told);
            assert_false(vq_kick(q));
            while (dev_seen != new)
                dev_serve(0);
            while (vq_reap(q, NULL))
                continue;
        }
    }
    /* A kick with nothing new is neither sent nor spared. */
    assert_int_equal(q->kicks + q->kicks_suppressed, 4 * 65536);
}

/* Row 13 by hand: three added, one kick; the event lies at each place around them. */
static void
test_batch(void **state)
{
    (void)state;
    for (int event = -3; event < 6; event++) {
        bed_up(8, EVENT_IDX);
        spin(65534);
        for (unsigned i = 0; i < 3; i++)
            assert_int_equal(add(1, 0, TOKEN(1)), 0);
        put16(AVAIL_EVENT, 65534 + event);
        assert_int_equal(vq_kick(q), event >= 0 && event < 3);
    }
    /* And without EVENT_IDX: the flag is a value (row 12). */
    for (unsigned flags = 0; flags < 4; flags++) {
        bed_up(8, 0);
        assert_int_equal(add(1, 0, TOKEN(1)), 0);
        assert_int_equal(add(1, 0, TOKEN(1)), 0);
        put16(USED_FLAGS, flags);
        assert_int_equal(vq_kick(q), !(flags & 1));
        assert_int_equal(notified, !(flags & 1));
    }
}

/* Row 14: more additions than an index can tell apart since the last kick. */
static void
test_long_silence(void **state)
{
    static const unsigned counts[] = {0x8001, 0xffff, 0x10000, 0x10001, 0x18000, 0x20000};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(counts); i++) {
        bed_up(8, EVENT_IDX);
        put16(AVAIL_EVENT, 5);
        for (unsigned n = 0; n < counts[i]; n++) {
            assert_int_equal(add(1, 0, TOKEN(1)), 0);
            dev_serve(0);
            assert_ptr_equal(vq_reap(q, NULL), TOKEN(1));
        }
        assert_int_equal(notified, 0);
        assert_true(vq_kick(q));
        assert_int_equal(notified, 1);
        assert_false(vq_kick(q));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_wrap, down),
        cmocka_unit_test_teardown(test_impossible_sizes, down),
        cmocka_unit_test_teardown(test_areas, down),
        cmocka_unit_test_teardown(test_direct_bytes, down),
        cmocka_unit_test_teardown(test_indirect_bytes, down),
        cmocka_unit_test_teardown(test_scribbled_descriptors, down),
        cmocka_unit_test_teardown(test_illegal_ids, down),
        cmocka_unit_test_teardown(test_completed_twice, down),
        cmocka_unit_test_teardown(test_illegal_indices, down),
        cmocka_unit_test_teardown(test_event_idx_exhaustive, down),
        cmocka_unit_test_teardown(test_batch, down),
        cmocka_unit_test_teardown(test_long_silence, down),
        RING_TESTS,
        RING_RACES,
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
