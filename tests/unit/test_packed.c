/*
 * The packed ring against a device that this file plays itself, written from the specification
 * (virtio 1.2, 2.8) and looking at the bytes in ring memory with offsets of its own. Each test
 * names the rows of the virtio checklist that it covers.
 */
#include "ring_bed.h"

/* ---- the device, byte by byte ---- */

static uint8_t *desc, *driver_event, *device_event;
static uint16_t size;
/* Places counted on without end: the place in the ring is the remainder, and each lap the wrap
 * counter is the other one, 1 first (2.8.1). */
static uint32_t dev_seen, dev_used, dev_signalled;
static uint16_t dev_count[32768]; /* descriptors of the chain with this id */

#define AVAIL     0x0080
#define USED      0x8000
#define NEXT      1
#define WRITE     2
#define INDIRECT_ 4
#define ENABLE    0
#define DISABLE   1
#define BY_PLACE  2

/* Offsets of 2.8.13 and 2.8.14. */
#define DESC(place)        (desc + 16 * ((place) % size))
#define DESC_LEN(place)    (DESC(place) + 8)
#define DESC_ID(place)     (DESC(place) + 12)
#define DESC_FLAGS(place)  (DESC(place) + 14)
#define EVENT_DESC(event)  (event)
#define EVENT_FLAGS(event) ((event) + 2)

static bool
wrap(uint32_t place)
{
    return place / size % 2 == 0;
}

/* A place as event suppression has it. */
static uint16_t
event_of(uint32_t place)
{
    return place % size | (wrap(place) ? 0x8000 : 0);
}

static void
dev_start(uint16_t ring_size)
{
    desc = q->area.desc;
    driver_event = q->area.driver;
    device_event = q->area.device;
    size = ring_size;
    dev_seen = dev_used = dev_signalled = 0;
}

static bool
dev_look(void)
{
    uint16_t flags = get16(DESC_FLAGS(dev_seen));

    return !!(flags & AVAIL) == wrap(dev_seen) && !!(flags & USED) != wrap(dev_seen);
}

/* Take the next available chain; its id is in its last descriptor (2.8.6). False if a device
 * has scribbled over it. */
static bool
dev_try(uint16_t *id)
{
    uint32_t at = dev_seen;

    while (get16(DESC_FLAGS(at)) & NEXT)
        if (++at - dev_seen >= size)
            return false;
    *id = get16(DESC_ID(at));
    if (*id >= size)
        return false;
    dev_count[*id] = at + 1 - dev_seen;
    dev_seen = at + 1;
    return true;
}

static uint16_t
dev_take(void)
{
    uint16_t id = 0xffff;

    assert_true(dev_look());
    assert_true(dev_try(&id));
    return id;
}

static void
dev_put(uint16_t id, uint32_t len)
{
    put32(DESC_LEN(dev_used), len);
    put16(DESC_ID(dev_used), id);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    put16(DESC_FLAGS(dev_used), wrap(dev_used) ? AVAIL | USED : 0);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    dev_used += id < size ? dev_count[id] : 1;
}

/* Is `event` one of the places from `old` up to but not including `new`?", by counting. */
static bool
plain_passed(uint16_t event, uint32_t old, uint32_t new)
{
    for (uint32_t place = old; place != new; place++)
        if (event_of(place) == event)
            return true;
    return false;
}

static void
dev_signal(bool event_idx)
{
    uint16_t flags = get16(EVENT_FLAGS(driver_event));

    assert_true(flags <= (event_idx ? BY_PLACE : DISABLE));
    bool wanted = flags == BY_PLACE
                      ? plain_passed(get16(EVENT_DESC(driver_event)), dev_signalled, dev_used)
                      : flags == ENABLE;
    if (wanted && dev_signalled != dev_used)
        interrupts++;
    dev_signalled = dev_used;
}

static void
dev_mute(bool event)
{
    (void)event;
    put16(EVENT_FLAGS(device_event), DISABLE);
}

static void
dev_want(bool event)
{
    put16(EVENT_DESC(device_event), event_of(dev_seen));
    put16(EVENT_FLAGS(device_event), event ? BY_PLACE : ENABLE);
}

static void
dev_serve(void)
{
    dev_put(dev_take(), 0);
}

static int
dev_relay(uint32_t n)
{
    if (!dev_look())
        return 0;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    uint16_t id = get16(DESC_ID(dev_seen));
    if (id >= size || get32(DESC_LEN(dev_seen)) != n + 1)
        return -1;
    put32(DESC_LEN(dev_seen), 0);
    put16(DESC_ID(dev_seen), 0xffff);
    dev_seen++;
    put32(DESC_LEN(dev_used), n + 1);
    put16(DESC_ID(dev_used), id);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    put16(DESC_FLAGS(dev_used), wrap(dev_used) ? AVAIL | USED : 0);
    dev_used++;
    return 1;
}

static void
dev_misbehave(uint32_t *seed)
{
    uint32_t value = random32(seed) % 4 ? random32(seed) % (size + 1u) : random32(seed);
    uint16_t id;

    switch (random32(seed) % 8) {
    case 0:
        put16(DESC_FLAGS(value), random32(seed));
        break;
    case 1:
        put32(desc + random32(seed) % (16u * size / 4) * 4, value);
        break;
    case 2:
        put16(EVENT_DESC(device_event), value);
        put16(EVENT_FLAGS(device_event), random32(seed) % 4);
        break;
    case 3:
        put16(DESC_FLAGS(dev_used), random32(seed) % 2 ? AVAIL : USED);
        break;
    default:
        if (random32(seed) % 4 == 0)
            dev_put(value, random32(seed));
        else if (dev_look() && dev_try(&id))
            dev_put(id, value);
    }
}

static const struct ring_device ring_device = {
    .features = 1ull << 34,
    .start = dev_start,
    .mute = dev_mute,
    .want = dev_want,
    .look = dev_look,
    .serve = dev_serve,
    .signal = dev_signal,
    .relay = dev_relay,
    .misbehave = dev_misbehave,
};

/* Chains of `parts` parts there and back, `n` times. */
static void
spin(unsigned n, unsigned parts)
{
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(add(parts, 0, TOKEN(1)), 0);
        dev_put(dev_take(), 0);
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
        dev_put(dev_take(), 0);
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
    /* Others come and go meanwhile; the sanitizer watches the table. */
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(add(1, 2, TOKEN(2)), 0);
        dev_put(dev_take(), 0);
        assert_ptr_equal(vq_reap(q, NULL), TOKEN(2));
        assert_int_equal(get64(table), (uintptr_t)data);
    }
    dev_put(id, 12);
    uint32_t len;
    assert_ptr_equal(vq_reap(q, &len), TOKEN(1));
    assert_int_equal(len, 12);
    assert_int_equal(q->free, 8);
}

/* Without memory for a table the chain goes direct, or waits for room. */
static void
test_indirect_without_memory(void **state)
{
    (void)state;
    bed_up(8, INDIRECT);
    shim_memory_fail_after(0);
    assert_int_equal(add(2, 4, TOKEN(1)), 0);
    assert_int_equal(q->free, 2);
    assert_int_equal(dev_count[dev_take()], 6);
    shim_memory_fail_after(0);
    assert_int_equal(add(2, 1, TOKEN(2)), -ENOSPC);
    assert_int_equal(add(2, 1, TOKEN(2)), 0);
    assert_int_equal(q->free, 1);
    /* Two parts need a table when only one descriptor is left. */
    assert_int_equal(add(1, 1, TOKEN(3)), 0);
    assert_int_equal(q->free, 0);
    assert_int_equal(add(1, 0, TOKEN(4)), -ENOSPC);
}

static void
test_impossible_chains(void **state)
{
    (void)state;
    bed_impossible_chains(8, 16 * 8 + 8);
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

/* Row 9: what the device claims to have written is at most what it may write. */
static void
test_used_len(void **state)
{
    static const uint32_t claims[] = {0, 1, 8, 9, 0x7fffffff, 0xffffffff};
    struct sg parts[3] = {{data, 10}, {data, 3}, {data, 5}};

    (void)state;
    for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
        bed_up(5, modes[m]);
        for (unsigned i = 0; i < ARRAY_SIZE(claims); i++) {
            uint32_t len = 77;
            uint64_t before = q->violations;
            assert_int_equal(vq_add(q, parts, 1, 2, TOKEN(1)), 0);
            dev_put(dev_take(), claims[i]);
            assert_ptr_equal(vq_reap(q, &len), TOKEN(1));
            assert_int_equal(len, MIN(claims[i], 8u));
            assert_int_equal(q->violations - before, claims[i] > 8);
        }
        assert_false(q->broken);
        assert_int_equal(add(1, 0, TOKEN(1)), 0);
        dev_put(dev_take(), 5);
        assert_ptr_equal(vq_reap(q, NULL), TOKEN(1));
        assert_false(q->broken);
    }
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
                dev_serve();
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
            dev_serve();
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
            dev_serve();
            assert_ptr_equal(vq_reap(q, NULL), TOKEN(1));
        }
        assert_int_equal(notified, 0);
        assert_true(vq_kick(q));
        assert_int_equal(notified, 1);
        assert_false(vq_kick(q));
    }
}

/* Row 11: with interrupts off there is not one in 200 000 completions. */
static void
test_never_interrupt(void **state)
{
    (void)state;
    for (unsigned s = 0; s < 5; s++) {
        for (unsigned event = 0; event < 2; event++) {
            bed_up(sizes[s], event ? EVENT_IDX : 0);
            vq_irq_off(q);
            for (unsigned n = 0; n < 200000;) {
                unsigned batch = MIN(1 + n % 3, (unsigned)size);
                for (unsigned i = 0; i < batch; i++, n++) {
                    assert_int_equal(add(1, 0, TOKEN(1)), 0);
                    dev_serve();
                }
                dev_signal(event);
                while (vq_reap(q, NULL))
                    continue;
            }
            assert_int_equal(interrupts, 0);
            /* On again: the next one is heard of. */
            assert_false(vq_irq_on(q));
            assert_int_equal(add(1, 0, TOKEN(1)), 0);
            dev_serve();
            dev_signal(event);
            assert_int_equal(interrupts, 1);
        }
    }
}

/* Rows 3 and 10: an interrupt for each completion that the driver waits for, in a loop that
 * reaps until nothing is there; and irq_on says what slipped in. */
static void
test_interrupts_wanted(void **state)
{
    (void)state;
    for (unsigned event = 0; event < 2; event++) {
        bed_up(7, event ? EVENT_IDX : 0);
        vq_irq_on(q);
        for (unsigned n = 0; n < 1000; n++) {
            assert_int_equal(add(1 + n % 3, 0, TOKEN(1)), 0);
            dev_serve();
            dev_signal(event);
            assert_int_equal(interrupts, n + 1);
            assert_ptr_equal(vq_reap(q, NULL), TOKEN(1));
            assert_null(vq_reap(q, NULL));
        }
        vq_irq_off(q);
        assert_int_equal(add(1, 0, TOKEN(2)), 0);
        dev_serve();
        dev_signal(event);
        assert_int_equal(interrupts, 1000);
        assert_true(vq_irq_on(q));
        assert_ptr_equal(vq_reap(q, NULL), TOKEN(2));
        assert_false(vq_irq_on(q));
    }
}

static void
test_no_kick_before_running(void **state)
{
    (void)state;
    bed_no_kick_before_running();
}

static void
test_detach_and_release(void **state)
{
    (void)state;
    bed_detach_and_release();
}

static void
test_queue_without_memory(void **state)
{
    (void)state;
    bed_queue_without_memory();
}

static uint16_t
size_of(uint32_t random)
{
    return 1 + random % 17;
}

static void
test_random_device(void **state)
{
    (void)state;
    bed_random_device(size_of);
}

static void
test_kick_litmus(void **state)
{
    (void)state;
    bed_kick_litmus();
}

static void
test_irq_on_litmus(void **state)
{
    (void)state;
    bed_irq_on_litmus();
}

static void
test_stream(void **state)
{
    (void)state;
    bed_stream(3, 0);
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
        cmocka_unit_test_teardown(test_indirect_without_memory, down),
        cmocka_unit_test_teardown(test_impossible_chains, down),
        cmocka_unit_test_teardown(test_scribbled_descriptors, down),
        cmocka_unit_test_teardown(test_illegal_ids, down),
        cmocka_unit_test_teardown(test_completed_twice, down),
        cmocka_unit_test_teardown(test_flags_half_written, down),
        cmocka_unit_test_teardown(test_used_len, down),
        cmocka_unit_test_teardown(test_event_exhaustive, down),
        cmocka_unit_test_teardown(test_batch, down),
        cmocka_unit_test_teardown(test_long_silence, down),
        cmocka_unit_test_teardown(test_never_interrupt, down),
        cmocka_unit_test_teardown(test_interrupts_wanted, down),
        cmocka_unit_test_teardown(test_no_kick_before_running, down),
        cmocka_unit_test_teardown(test_detach_and_release, down),
        cmocka_unit_test_teardown(test_queue_without_memory, down),
        cmocka_unit_test_teardown(test_random_device, down),
        cmocka_unit_test_teardown(test_kick_litmus, down),
        cmocka_unit_test_teardown(test_irq_on_litmus, down),
        cmocka_unit_test_teardown(test_stream, down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
