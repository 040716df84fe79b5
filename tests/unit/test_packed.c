/*
 * The packed ring against a device that the tests play themselves (packed_device.h). Each test
 * names the rows of the virtio checklist that it covers.
 */
#include "packed_device.h"
#include "ring_tests.h"
#include "ring_races.h"

/* Chains of `parts` parts there and back, `n` times. */
static void
spin(unsigned n, unsigned parts)
{
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(add(parts, 0, TOKEN(1)), 0);
        dev_serve(0);
        assert_ptr_equal(vq_reap(q, NULL), TOKEN(1));
    }
    vq_kick(q);
    notified = 0;
    dev_signalled = dev_used;
}

static const uint16_t sizes[] = {1, 2, 3, 7, 256, 1000, 32768};

/* ---- tests ---- */

/* Row 5: sizes of any kind, filled and emptied in several orders across the ring's end, with
 * both wrap counters turning over. */
static void
test_wrap(void **state)
{
    static uint16_t ids[32768];

    (void)state;
    for (unsigned s = 0; s < ARRAY_SIZE(sizes); s++) {
        for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
            bed_up(sizes[s], modes[m]);
            spin(size / 2, 1);
            for (unsigned lap = 0; lap < 4; lap++) {
                for (unsigned i = 0; i < size; i++) {
                    assert_int_equal(q->free, size - i);
                    assert_int_equal(add(0, 1, TOKEN(1 + i)), 0);
                    ids[i] = dev_take();
                }
                assert_false(dev_look());
                assert_int_equal(add(0, 1, TOKEN(1)), -ENOSPC);
                for (unsigned i = 0; i < size; i++) {
                    /* In order, in reverse, neighbours swapped where there are two. */
                    unsigned at = lap % 3 == 0      ? i
                                  : lap % 3 == 1    ? size - 1u - i
                                  : (i ^ 1u) < size ? i ^ 1u
                                                    : i;
                    dev_put(ids[at], 1);
                    uint32_t len = 0;
                    assert_ptr_equal(vq_reap(q, &len), TOKEN(1 + at));
                    assert_int_equal(len, 1);
                }
                assert_null(vq_reap(q, NULL));
                assert_int_equal(q->free, size);
            }
            assert_false(q->broken);
            assert_int_equal(q->violations, 0);
        }
    }
}

/* Row 5: chains of several descriptors that lie across the ring's end, out of order; each used
 * descriptor is behind the last by the length of the chain that that one named. */
static void
test_wrap_inside_a_chain(void **state)
{
    (void)state;
    for (unsigned s = 3; s < 20; s++) {
        bed_up(s, s % 2 ? EVENT_IDX : 0);
        for (unsigned i = 0; i < 20 * s; i++) {
            unsigned parts = 1 + i % (s - 1);
            assert_int_equal(add(parts, 0, TOKEN(1)), 0);
            assert_int_equal(add(0, s - parts, TOKEN(2)), 0);
            assert_int_equal(q->free, 0);
            uint16_t first = dev_take(), second = dev_take();
            assert_int_equal(dev_count[first], parts);
            assert_int_equal(dev_count[second], s - parts);
            dev_put(second, 1);
            assert_ptr_equal(vq_reap(q, NULL), TOKEN(2));
            assert_int_equal(q->free, s - parts);
            assert_null(vq_reap(q, NULL));
            dev_put(first, 0);
            assert_ptr_equal(vq_reap(q, NULL), TOKEN(1));
            assert_int_equal(q->free, s);
            if (i % 3 == 0)
                spin(1, 1);
        }
        assert_int_equal(q->violations, 0);
    }
}

/* Row 6: sizes that no ring can have. */
static void
test_impossible_sizes(void **state)
{
    static const uint16_t wrong[] = {0, 32769, 65535};

    (void)state;
    bed_up(4, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct vq_area area = {0};
        assert_int_equal(packed_area_alloc(&area, wrong[i]), -EINVAL);
        assert_null(area.desc);
        struct virtqueue other = {.area = q->area};
        other.area.size = wrong[i];
        assert_int_equal(packed_init(&other), -EINVAL);
        assert_null(other.ring);
    }
}

/* The areas' place: aligned as 2.8.10.1 and 2.8 want them, written (zeroed), not overlapping.
 */
static void
test_areas(void **state)
{
    (void)state;
    for (unsigned s = 0; s < ARRAY_SIZE(sizes); s++) {
        struct vq_area area = {0};
        size_t n = sizes[s];
        assert_int_equal(packed_area_alloc(&area, n), 0);
        uint8_t *d = area.desc, *drv = area.driver, *dev = area.device;
        assert_int_equal((uintptr_t)d % 16, 0);
        assert_int_equal((uintptr_t)drv % 4, 0);
        assert_int_equal((uintptr_t)dev % 4, 0);
        assert_true(drv >= d + 16 * n);
        assert_true(dev >= drv + 4 || drv >= dev + 4);
        assert_true(MAX(drv, dev) + 4 <= d + area.pages * PAGE_SIZE);
        for (uint8_t *at = d; at < d + area.pages * PAGE_SIZE; at++)
            assert_int_equal(*at, 0);
        pages_free(area.desc, area.pages);
        assert_int_equal(shim_memory_live(), 0);
    }
}

/* Rows 12 and 16: a direct chain as bytes, across the ring's end, in both laps; flags are
 * values, not bit numbers. */
static void
test_direct_bytes(void **state)
{
    struct sg parts[3] = {{data, 5}, {data + 8, 6}, {data + 16, 7}};
    static const unsigned kind[] = {NEXT, NEXT | WRITE, WRITE};

    (void)state;
    bed_up(8, 0);
    spin(6, 1);
    for (unsigned lap = 0; lap < 2; lap++) {
        assert_int_equal(vq_add(q, parts, 1, 2, TOKEN(1)), 0);
        for (unsigned i = 0; i < 3; i++) {
            unsigned at = dev_seen + i, mark = wrap(at) ? AVAIL : USED;
            assert_int_equal(get64(DESC(at)), (uintptr_t)parts[i].base);
            assert_int_equal(get32(DESC_LEN(at)), parts[i].len);
            assert_int_equal(get16(DESC_FLAGS(at)), kind[i] | mark);
        }
        dev_serve(0);
        assert_ptr_equal(vq_reap(q, NULL), TOKEN(1));
        spin(5, 1);
    }
    assert_int_equal(get16(EVENT_FLAGS(driver_event)), ENABLE);
    vq_irq_off(q);
    assert_int_equal(get16(EVENT_FLAGS(driver_event)), DISABLE);
    assert_false(vq_irq_on(q));
    assert_int_equal(get16(EVENT_FLAGS(driver_event)), ENABLE);
    /* With EVENT_IDX: the place where the next used descriptor will be, with its lap. */
    bed_up(3, EVENT_IDX);
    for (unsigned i = 0; i < 12; i++) {
        vq_irq_off(q);
        assert_int_equal(get16(EVENT_FLAGS(driver_event)), DISABLE);
        vq_irq_on(q);
        assert_int_equal(get16(EVENT_FLAGS(driver_event)), BY_PLACE);
        assert_int_equal(get16(EVENT_DESC(driver_event)), event_of(i));
        spin(1, 1);
        assert_int_equal(get16(EVENT_DESC(driver_event)), event_of(i + 1));
    }
}

/* Rows 15 and 16: an indirect chain as bytes; the table lives until it was used. */
static void
test_indirect_bytes(void **state)
{
    (void)state;
    bed_up(8, INDIRECT);
    assert_int_equal(add(2, 3, TOKEN(1)), 0);
    assert_int_equal(q->free, 7);
    assert_int_equal(get16(DESC_FLAGS(0)), INDIRECT_ | AVAIL);
    assert_int_equal(get32(DESC_LEN(0)), 5 * 16);
    uint8_t *table = (uint8_t *)(uintptr_t)get64(DESC(0));
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(get64(table + 16 * i), (uintptr_t)(data + i));
        assert_int_equal(get32(table + 16 * i + 8), 1 + i);
        assert_int_equal(get16(table + 16 * i + 14), i >= 2 ? WRITE : 0);
    }
    uint16_t id = dev_take();
    expect_table_kept(table);
    dev_put(id, 12);
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
        bed_up(15, modes[m]);
        for (unsigned lap = 0; lap < 100; lap++) {
            uint16_t ids[5];
            for (unsigned i = 0; i < 5; i++) {
                assert_int_equal(add(1, 1 + i % 2, TOKEN(1 + i)), 0);
                ids[i] = dev_take();
            }
            memset(desc, lap % 2 ? 0xff : 0x01, 16 * 15);
            for (unsigned i = 0; i < 15; i++) /* neither available nor used */
                put16(DESC_FLAGS(i), wrap(dev_used) ? 0x7f7f : 0x80ff);
            for (unsigned i = 0; i < 5; i++) {
                unsigned at = (i * 3 + lap) % 5;
                dev_put(ids[at], 1);
                assert_ptr_equal(vq_reap(q, NULL), TOKEN(1 + at));
            }
            assert_int_equal(q->free, 15);
        }
        /* All ids are still there, each once. */
        unsigned seen = 0;
        for (unsigned i = 0; i < 15; i++) {
            assert_int_equal(add(1, 0, TOKEN(1)), 0);
            seen |= 1u << dev_take();
        }
        assert_int_equal(seen, 0x7fff);
    }
}

/* Row 8: ids that are not in flight: beyond the ring, given back before, never given. */
static void
test_illegal_ids(void **state)
{
    (void)state;
    for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
        for (unsigned kind = 0; kind < 6; kind++) {
            bed_up(7, modes[m]);
            spin(6, 1);
            assert_int_equal(add(1, 1, TOKEN(1)), 0);
            assert_int_equal(add(1, 1, TOKEN(2)), 0);
            uint16_t first = dev_take(), second = dev_take(), never = 0;
            while (never == first || never == second)
                never++;
            dev_put(first, 0);
            assert_ptr_equal(vq_reap(q, NULL), TOKEN(1));
            uint16_t ids[] = {7, 8, 0xffff, 0x8000 | second, first, never};
            dev_put(ids[kind], 0);
            expect_broken();
            assert_ptr_equal(vq_detach(q), TOKEN(2));
            assert_null(vq_detach(q));
        }
    }
}

/* Row 8: the same chain completed twice, in one go, and something used in an empty ring. */
static void
test_completed_twice(void **state)
{
    (void)state;
    bed_up(8, 0);
    assert_int_equal(add(1, 0, TOKEN(1)), 0);
    assert_int_equal(add(1, 0, TOKEN(2)), 0);
    uint16_t id = dev_take();
    dev_put(id, 0);
    dev_put(id, 0);
    assert_ptr_equal(vq_reap(q, NULL), TOKEN(1));
    expect_broken();
    bed_up(8, 0);
    dev_put(0, 0);
    expect_broken();
}

/* Row 4: flags that are half-written, or of the other lap, are no used descriptor; nor is what
 * is available still. */
static void
test_flags_half_written(void **state)
{
    (void)state;
    bed_up(3, 0);
    for (unsigned i = 0; i < 30; i++) {
        assert_int_equal(add(0, 1, TOKEN(1)), 0);
        assert_null(vq_reap(q, NULL));
        uint16_t id = dev_take(), other = wrap(dev_used) ? 0 : AVAIL | USED;
        static const uint16_t halves[] = {AVAIL, USED};
        for (unsigned h = 0; h < 2; h++) {
            for (unsigned rest = 0; rest < 8; rest++) {
                put16(DESC_FLAGS(dev_used), halves[h] | rest);
                assert_null(vq_reap(q, NULL));
                assert_false(vq_irq_on(q));
                put16(DESC_FLAGS(dev_used), other | rest);
                assert_null(vq_reap(q, NULL));
                assert_false(vq_irq_on(q));
            }
        }
        /* Other bits in a used descriptor mean nothing to us (2.8.3, 2.8.4). */
        uint16_t mine = AVAIL | USED;
        put32(DESC_LEN(dev_used), 1);
        put16(DESC_ID(dev_used), id);
        put16(DESC_FLAGS(dev_used), other ^ mine ^ (i % 2 ? WRITE : 0x7f7d));
        dev_used++;
        uint32_t len = 0;
        assert_true(vq_irq_on(q));
        assert_ptr_equal(vq_reap(q, &len), TOKEN(1));
        assert_int_equal(len, 1);
    }
    assert_false(q->broken);
}

/* Rows 10 and 13: every event there is, against counting, for several batches and sizes, at
 * every place of the ring; one that is no place is never slept on. */
static void
test_event_exhaustive(void **state)
{
    static const struct {
        uint16_t size, batch;
    } cases[] = {{1, 1}, {3, 1}, {3, 3}, {7, 2}, {64, 64}, {100, 9}};

    (void)state;
    for (unsigned c = 0; c < ARRAY_SIZE(cases); c++) {
        bed_up(cases[c].size, EVENT_IDX);
        put16(EVENT_FLAGS(device_event), BY_PLACE);
        for (uint32_t event = 0; event < 65536; event++) {
            uint32_t old = dev_seen;
            for (unsigned i = 0; i < cases[c].batch; i++)
                assert_int_equal(add(1, 0, TOKEN(1)), 0);
            put16(EVENT_DESC(device_event), event);
            notified = 0;
            bool told = vq_kick(q);
            bool passed = plain_passed(event, old, old + cases[c].batch);
            assert_int_equal(told, passed || (event & 0x7fff) >= size);
            assert_int_equal(notified, told);
            assert_false(vq_kick(q));
            while (dev_look())
                dev_serve(0);
            assert_int_equal(dev_seen, old + cases[c].batch);
            while (vq_reap(q, NULL))
                continue;
        }
        /* The same with few events at all places. */
        for (uint32_t n = 0; n < 40u * size; n++) {
            uint32_t old = dev_seen;
            assert_int_equal(add(1, 0, TOKEN(1)), 0);
            uint16_t event = n % 3 ? event_of(old) : event_of(old + n % (2 * size));
            put16(EVENT_DESC(device_event), event);
            assert_int_equal(vq_kick(q), event == event_of(old));
            dev_serve(0);
            assert_ptr_equal(vq_reap(q, NULL), TOKEN(1));
        }
    }
}

/* Row 13 by hand: three added, one kick; the event lies at each place around them. And row 12:
 * the kinds of suppression are values; one that nobody knows is no reason to sleep. */
static void
test_batch(void **state)
{
    (void)state;
    for (int event = -3; event < 5; event++) {
        bed_up(8, EVENT_IDX);
        spin(14, 1);
        for (unsigned i = 0; i < 3; i++)
            assert_int_equal(add(1, 0, TOKEN(1)), 0);
        put16(EVENT_DESC(device_event), event_of(14 + event));
        put16(EVENT_FLAGS(device_event), BY_PLACE);
        assert_int_equal(vq_kick(q), event >= 0 && event < 3);
    }
    for (unsigned m = 0; m < 2; m++) {
        for (unsigned flags = 0; flags < 4; flags++) {
            bed_up(8, modes[m]);
            assert_int_equal(add(1, 0, TOKEN(1)), 0);
            assert_int_equal(add(1, 0, TOKEN(1)), 0);
            put16(EVENT_DESC(device_event), event_of(5));
            put16(EVENT_FLAGS(device_event), flags);
            bool wanted = flags != DISABLE && !(flags == BY_PLACE && modes[m] == EVENT_IDX);
            assert_int_equal(vq_kick(q), wanted);
            assert_int_equal(notified, wanted);
        }
    }
}

/* Row 14: more additions than a place can tell apart since the last kick. */
static void
test_long_silence(void **state)
{
    static const unsigned counts[] = {9, 15, 16, 17, 24, 32, 0x8001, 0x10001};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(counts); i++) {
        bed_up(8, EVENT_IDX);
        put16(EVENT_DESC(device_event), event_of(5));
        put16(EVENT_FLAGS(device_event), BY_PLACE);
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
        cmocka_unit_test_teardown(test_wrap_inside_a_chain, down),
        cmocka_unit_test_teardown(test_impossible_sizes, down),
        cmocka_unit_test_teardown(test_areas, down),
        cmocka_unit_test_teardown(test_direct_bytes, down),
        cmocka_unit_test_teardown(test_indirect_bytes, down),
        cmocka_unit_test_teardown(test_scribbled_descriptors, down),
        cmocka_unit_test_teardown(test_illegal_ids, down),
        cmocka_unit_test_teardown(test_completed_twice, down),
        cmocka_unit_test_teardown(test_flags_half_written, down),
        cmocka_unit_test_teardown(test_event_exhaustive, down),
        cmocka_unit_test_teardown(test_batch, down),
        cmocka_unit_test_teardown(test_long_silence, down),
        RING_TESTS,
        RING_RACES,
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
