/*
 * The split ring against a device that this file plays itself. The device's half is written
 * from the specification (virtio 1.2, 2.7) and looks at the bytes in ring memory with offsets
 * of its own, so that a wrong idea in the driver cannot hide in a shared accessor. Each test
 * names the rows of the virtio checklist that it covers.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "drivers/virtio/ring.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "shim.h"

#define EVENT_IDX (1ull << 29)
#define INDIRECT  (1ull << 28)

/* ---- a transport that only counts ---- */

static uint16_t bed_size;
static volatile unsigned notified;
static unsigned called_back;
static struct virtio_device device;
static struct virtqueue *q;

static int
bed_queue_setup(struct virtio_device *v, struct virtqueue *vq)
{
    (void)v;
    return split_area_alloc(&vq->area, bed_size, 4096);
}

static void
bed_queue_release(struct virtio_device *v, struct virtqueue *vq)
{
    (void)v;
    split_area_free(&vq->area);
}

static void
bed_notify(struct virtio_device *v, struct virtqueue *vq)
{
    (void)v;
    (void)vq;
    notified++;
}

static const struct virtio_transport bed_transport = {
    .name = "bed",
    .queue_setup = bed_queue_setup,
    .queue_release = bed_queue_release,
    .notify = bed_notify,
};

static void
bed_callback(struct virtqueue *vq)
{
    assert_ptr_equal(vq, q);
    called_back++;
}

/* ---- the device, byte by byte ---- */

static uint8_t *desc, *avail, *used;
static uint16_t size;
static uint16_t dev_seen;      /* available entries taken */
static uint16_t dev_used;      /* used entries put */
static uint16_t dev_signalled; /* used index when an interrupt was last considered */
static unsigned interrupts;

static uint16_t
get16(const uint8_t *at)
{
    return *(const volatile uint16_t *)at;
}

static uint32_t
get32(const uint8_t *at)
{
    return *(const volatile uint32_t *)at;
}

static uint64_t
get64(const uint8_t *at)
{
    return get32(at) | (uint64_t)get32(at + 4) << 32;
}

static void
put16(uint8_t *at, uint16_t value)
{
    *(volatile uint16_t *)at = value;
}

static void
put32(uint8_t *at, uint32_t value)
{
    *(volatile uint32_t *)at = value;
}

/* Offsets of 2.7.5, 2.7.6, 2.7.8. */
#define DESC(i)       (desc + 16 * (i))
#define DESC_LEN(i)   (DESC(i) + 8)
#define DESC_FLAGS(i) (DESC(i) + 12)
#define DESC_NEXT(i)  (DESC(i) + 14)
#define AVAIL_FLAGS   (avail)
#define AVAIL_IDX     (avail + 2)
#define AVAIL_RING(i) (avail + 4 + 2 * ((i) % size))
#define USED_EVENT    (avail + 4 + 2 * size)
#define USED_FLAGS    (used)
#define USED_IDX      (used + 2)
#define USED_ID(i)    (used + 4 + 8 * ((i) % size))
#define USED_LEN(i)   (USED_ID(i) + 4)
#define AVAIL_EVENT   (used + 4 + 8 * size)

static void
bed_down(void)
{
    if (q) {
        queue_release(q);
        kfree(q);
    }
    q = NULL;
    memset(&device, 0, sizeof device);
}

static void
bed_up(uint16_t ring_size, uint64_t features)
{
    bed_down();
    shim_log_clear();
    shim_memory_fail_after(-1);
    bed_size = ring_size;
    device.transport = &bed_transport;
    device.negotiated = features;
    device.running = true;
    strcpy(device.where, "bed 0");
    assert_int_equal(virtio_queue_new(&device, 0, "test", bed_callback, &q), 0);
    desc = q->area.desc;
    avail = q->area.driver;
    used = q->area.device;
    size = ring_size;
    dev_seen = dev_used = dev_signalled = 0;
    notified = interrupts = called_back = 0;
}

static int
down(void **state)
{
    (void)state;
    bed_down();
    defer_run();
    assert_int_equal(shim_memory_live(), 0);
    return 0;
}

/* Head of the next available chain. */
static uint16_t
dev_take(void)
{
    assert_int_not_equal(get16(AVAIL_IDX), dev_seen);
    return get16(AVAIL_RING(dev_seen++));
}

/* "Is `event` one of the indices from `old` up to but not including `new`?", by counting. */
static bool
plain_passed(uint16_t event, uint16_t old, uint16_t new)
{
    for (uint16_t i = old; i != new; i++)
        if (i == event)
            return true;
    return false;
}

static void
dev_put(uint32_t id, uint32_t len)
{
    put32(USED_ID(dev_used), id);
    put32(USED_LEN(dev_used), len);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    put16(USED_IDX, ++dev_used);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Interrupt by the rules of 2.7.7 for everything put since the last time. */
static void
dev_signal(bool event_idx)
{
    bool wanted = event_idx ? plain_passed(get16(USED_EVENT), dev_signalled, dev_used)
                            : !(get16(AVAIL_FLAGS) & 1);
    if (wanted && dev_signalled != dev_used)
        interrupts++;
    dev_signalled = dev_used;
}

/* ---- the driver's side, shortened ---- */

static char data[64];
#define TOKEN(n) ((void *)(uintptr_t)(n))

static int
add(unsigned out, unsigned in, void *token)
{
    struct sg parts[64];

    for (unsigned i = 0; i < out + in; i++)
        parts[i] = (struct sg){data + i % 32, 1 + i};
    return vq_add(q, parts, out, in, token);
}

/* One chain of one part there and back, `n` times, without notifications in the way. */
static void
spin(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(add(1, 0, TOKEN(1)), 0);
        dev_put(dev_take(), 0);
        assert_ptr_equal(vq_reap(q, NULL), TOKEN(1));
    }
    vq_kick(q);
    notified = 0;
    dev_signalled = dev_used;
}

static const uint16_t sizes[] = {1, 2, 256, 32768};
static const uint64_t modes[] = {0, EVENT_IDX, INDIRECT, EVENT_IDX | INDIRECT};

/* ---- tests ---- */

/* Row 5: every size, filled and emptied in several orders across 65535 -> 0. */
static void
test_wrap(void **state)
{
    (void)state;
    for (unsigned s = 0; s < ARRAY_SIZE(sizes); s++) {
        for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
            uint16_t *heads = calloc(sizes[s], sizeof *heads);
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
            split_area_free(&area);
            assert_null(area.desc);
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
    /* Others come and go meanwhile; the sanitizer watches the table. */
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(add(1, 2, TOKEN(2)), 0);
        dev_put(dev_take(), 0);
        assert_ptr_equal(vq_reap(q, NULL), TOKEN(2));
        assert_int_equal(get64(table), (uintptr_t)data);
    }
    dev_put(head, 12);
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
    assert_int_equal(get16(DESC_FLAGS(dev_take())), 1);
    shim_memory_fail_after(0);
    assert_int_equal(add(2, 1, TOKEN(2)), -ENOSPC);
    assert_int_equal(add(2, 1, TOKEN(2)), 0);
    assert_int_equal(q->free, 1);
    /* Two parts need a table when only one descriptor is left. */
    assert_int_equal(add(1, 1, TOKEN(3)), 0);
    assert_int_equal(q->free, 0);
    assert_int_equal(add(1, 0, TOKEN(4)), -ENOSPC);
}

/* What cannot be offered is refused and changes nothing. */
static void
test_impossible_chains(void **state)
{
    struct sg parts[10];
    uint8_t before[16 * 8];

    (void)state;
    for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
        bed_up(8, modes[m]);
        memcpy(before, desc, sizeof before);
        for (unsigned i = 0; i < 10; i++)
            parts[i] = (struct sg){data, 1};
        assert_int_equal(vq_add(q, parts, 0, 0, TOKEN(1)), -EINVAL);
        assert_int_equal(vq_add(q, parts, 9, 0, TOKEN(1)), -EINVAL);
        assert_int_equal(vq_add(q, parts, 5, 4, TOKEN(1)), -EINVAL);
        assert_int_equal(vq_add(q, parts, UINT32_MAX, 2, TOKEN(1)), -EINVAL);
        assert_int_equal(vq_add(q, parts, 2, UINT32_MAX, TOKEN(1)), -EINVAL);
        parts[1].len = 0;
        assert_int_equal(vq_add(q, parts, 1, 1, TOKEN(1)), -EINVAL);
        parts[0].len = parts[1].len = 0x80000000u;
        assert_int_equal(vq_add(q, parts, 1, 1, TOKEN(1)), -EINVAL);
        assert_int_equal(q->free, 8);
        assert_int_equal(get16(AVAIL_IDX), 0);
        assert_memory_equal(before, desc, sizeof before);
    }
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

static void
expect_broken(void)
{
    unsigned before = called_back;

    assert_null(vq_reap(q, NULL));
    assert_true(q->broken);
    assert_int_equal(q->violations, 1);
    assert_int_equal(shim_log_lines(LOG_ERROR), 1);
    assert_true(shim_log_has("bed 0: queue 0 (test)"));
    defer_run();
    assert_int_equal(called_back, before + 1);
    assert_null(vq_reap(q, NULL));
    assert_int_equal(add(1, 0, TOKEN(9)), -EIO);
    assert_false(vq_kick(q));
    assert_false(vq_irq_on(q));
    vq_irq_off(q);
    assert_int_equal(shim_log_lines(LOG_INFO), 1);
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

/* Row 9: what the device claims to have written is at most what it may write. */
static void
test_used_len(void **state)
{
    static const uint32_t claims[] = {0, 1, 8, 9, 0x7fffffff, 0xffffffff};
    struct sg parts[3] = {{data, 10}, {data, 3}, {data, 5}};

    (void)state;
    for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
        bed_up(8, modes[m]);
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
                dev_put(dev_take(), 0);
            while (vq_reap(q, NULL))
                continue;
        }
    }
    assert_int_equal(q->kicks + q->kicks_suppressed, 2 * 4 * 65536);
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
            dev_put(dev_take(), 0);
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
    for (unsigned s = 0; s < 3; s++) {
        for (unsigned event = 0; event < 2; event++) {
            bed_up(sizes[s], event ? EVENT_IDX : 0);
            vq_irq_off(q);
            for (unsigned n = 0; n < 200000;) {
                unsigned batch = MIN(1 + n % 3, (unsigned)size);
                for (unsigned i = 0; i < batch; i++, n++) {
                    assert_int_equal(add(1, 0, TOKEN(1)), 0);
                    dev_put(dev_take(), 0);
                }
                dev_signal(event);
                while (vq_reap(q, NULL))
                    continue;
            }
            assert_int_equal(interrupts, 0);
            /* On again: the next one is heard of. */
            assert_false(vq_irq_on(q));
            assert_int_equal(add(1, 0, TOKEN(1)), 0);
            dev_put(dev_take(), 0);
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
        bed_up(8, event ? EVENT_IDX : 0);
        for (unsigned n = 0; n < 70000; n++) {
            assert_int_equal(add(1, 0, TOKEN(1)), 0);
            dev_put(dev_take(), 0);
            dev_signal(event);
            assert_int_equal(interrupts, n + 1);
            assert_ptr_equal(vq_reap(q, NULL), TOKEN(1));
            assert_null(vq_reap(q, NULL));
        }
        vq_irq_off(q);
        assert_int_equal(add(1, 0, TOKEN(2)), 0);
        dev_put(dev_take(), 0);
        dev_signal(event);
        assert_int_equal(interrupts, 70000);
        assert_true(vq_irq_on(q));
        assert_ptr_equal(vq_reap(q, NULL), TOKEN(2));
        assert_false(vq_irq_on(q));
    }
}

/* Row 25: nothing is notified before DRIVER_OK, and nothing is forgotten. */
static void
test_no_kick_before_running(void **state)
{
    (void)state;
    for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
        bed_up(8, modes[m]);
        device.running = false;
        assert_int_equal(add(0, 1, TOKEN(1)), 0);
        assert_false(vq_kick(q));
        assert_int_equal(notified, 0);
        device.running = true;
        assert_true(vq_kick(q));
        assert_int_equal(notified, 1);
    }
}

/* After a reset every token comes back once, indirect tables are freed, and the structure
 * answers for a ring that is gone. */
static void
test_detach_and_release(void **state)
{
    (void)state;
    for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
        bed_up(16, modes[m]);
        unsigned left = 0, came = 0;
        for (unsigned i = 0; i < 4; i++, left |= 1u << i)
            assert_int_equal(add(1, 2, TOKEN(1 + i)), 0);
        dev_take();
        dev_put(dev_take(), 0);
        left &= ~(1u << (uintptr_t)vq_reap(q, NULL));
        void *token;
        while ((token = vq_detach(q)))
            came |= 1u << (uintptr_t)token;
        assert_int_equal(came, left);
        queue_release(q);
        assert_null(vq_detach(q));
        assert_int_equal(add(1, 0, TOKEN(1)), -EIO);
        assert_null(vq_reap(q, NULL));
        assert_false(vq_kick(q));
        /* The next start finds the same structure and a fresh ring. */
        struct virtqueue *again;
        assert_int_equal(virtio_queue_new(&device, 0, "test", bed_callback, &again), 0);
        assert_ptr_equal(again, q);
        assert_int_equal(q->free, 16);
        assert_int_equal(add(1, 0, TOKEN(1)), 0);
    }
    assert_null(vq_detach(NULL));
}

/* A failure to get memory leaves no queue behind that works, and no leak. */
static void
test_queue_without_memory(void **state)
{
    struct virtqueue *none = NULL;

    (void)state;
    bed_up(8, 0);
    for (long n = 0; n < 3; n++) {
        shim_memory_fail_after(n);
        assert_int_equal(virtio_queue_new(&device, 1, "second", NULL, &none), -ENOMEM);
        assert_null(none);
        while (device.nr_queues > 1) {
            struct virtqueue *second = device.queues[--device.nr_queues];
            assert_true(second->broken);
            queue_release(second);
            kfree(second);
        }
    }
}

static uint32_t
random32(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8 | *seed << 24;
}

/* One thing that a device may do to its memory, mostly near what it should. */
static void
dev_misbehave(uint32_t *seed)
{
    uint32_t value = random32(seed) % 4 ? random32(seed) % (size + 1u) : random32(seed);

    switch (random32(seed) % 8) {
    case 0:
        put16(USED_IDX, dev_used + random32(seed) % 4);
        break;
    case 1:
        put32(desc + random32(seed) % (16u * size / 4) * 4, value);
        break;
    case 2:
        put16(AVAIL_EVENT, value);
        put16(USED_FLAGS, value);
        break;
    case 3:
        put32(USED_ID(value), random32(seed));
        break;
    default:
        dev_put(random32(seed) % 2 ? value : get16(AVAIL_RING(dev_seen++)), value);
    }
}

/* Rows 6 to 9 at random: whatever the device writes, each token comes back at most once, and
 * the sanitizers stay silent. */
static void
test_random_device(void **state)
{
    unsigned broken = 0;

    (void)state;
    for (uint32_t round = 0; round < 4000; round++) {
        uint32_t seed = round;
        uint64_t out = 0; /* tokens that the device has, by number */
        bed_up(1u << random32(&seed) % 5, modes[round % ARRAY_SIZE(modes)]);
        for (unsigned i = 0; i < 200 && !q->broken; i++) {
            unsigned n = 1 + random32(&seed) % 60, parts = 1 + random32(&seed) % 4;
            if (!(out >> n & 1) && add(parts, random32(&seed) % 2, TOKEN(n)) == 0)
                out |= UINT64_C(1) << n;
            vq_kick(q);
            dev_misbehave(&seed);
            uint32_t len = 0;
            void *token = vq_reap(q, &len);
            if (token == NULL)
                continue;
            assert_true(out >> (uintptr_t)token & 1);
            assert_true(len <= 5);
            out &= ~(UINT64_C(1) << (uintptr_t)token);
        }
        broken += q->broken;
        for (void *token; (token = vq_detach(q)); out &= ~(UINT64_C(1) << (uintptr_t)token))
            assert_true(out >> (uintptr_t)token & 1);
        assert_int_equal(out, 0);
        assert_int_equal(q->free, size);
    }
    assert_in_range(broken, 1000, 4000);
}

/* ---- two threads ---- */

/* Both sides arrive here before either goes on. Yields, since there may be one CPU. */
struct gate {
    unsigned arrived, passed;
};

static void
gate_pass(struct gate *g)
{
    unsigned turn = __atomic_load_n(&g->passed, __ATOMIC_ACQUIRE);

    if (__atomic_add_fetch(&g->arrived, 1, __ATOMIC_ACQ_REL) == 2) {
        __atomic_store_n(&g->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&g->passed, turn + 1, __ATOMIC_RELEASE);
        return;
    }
    for (unsigned spins = 1; __atomic_load_n(&g->passed, __ATOMIC_ACQUIRE) == turn; spins++)
        if (spins % 256 == 0)
            sched_yield();
}

/* So that the two sides meet at every distance: the work of one is longer than the other's. */
static void
drift(unsigned round)
{
    for (volatile unsigned i = round % 256; i; i--)
        continue;
}

static struct gate start_gate, end_gate;
static bool with_event;
static bool thread_saw;
#define LITMUS_ROUNDS 100000

/* Row 2, the device's half: say "kick me from here on", then look for work once more. */
static void *
sleeper(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < LITMUS_ROUNDS; i++) {
        gate_pass(&start_gate);
        drift(i);
        if (with_event)
            put16(AVAIL_EVENT, dev_seen);
        else
            put16(USED_FLAGS, 0);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        thread_saw = get16(AVAIL_IDX) != dev_seen;
        gate_pass(&end_gate);
        gate_pass(&end_gate);
    }
    return NULL;
}

/* Row 2: published, then the device's wish read. If the kick was left out and the device saw
 * nothing either, both sleep. */
static void
test_kick_litmus(void **state)
{
    unsigned stalls = 0, kicked = 0;
    pthread_t thread;

    (void)state;
    for (unsigned event = 0; event < 2; event++) {
        bed_up(4, event ? EVENT_IDX : 0);
        with_event = event;
        put16(AVAIL_EVENT, 0x8000);
        put16(USED_FLAGS, 1);
        assert_int_equal(pthread_create(&thread, NULL, sleeper, NULL), 0);
        for (unsigned i = 0; i < LITMUS_ROUNDS; i++) {
            gate_pass(&start_gate);
            add(1, 0, TOKEN(1));
            bool told = vq_kick(q);
            gate_pass(&end_gate);
            kicked += told;
            stalls += !told && !thread_saw;
            dev_put(dev_take(), 0);
            vq_reap(q, NULL);
            put16(AVAIL_EVENT, dev_seen + 0x8000);
            put16(USED_FLAGS, 1);
            gate_pass(&end_gate);
        }
        pthread_join(thread, NULL);
    }
    printf("kick litmus: %u kicks of %u, %u stalls\n", kicked, 2 * LITMUS_ROUNDS, stalls);
    assert_int_equal(stalls, 0);
    assert_false(q->broken);
}

/* Row 3, the device's half: complete, then see whether an interrupt is wanted. */
static void *
completer(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < LITMUS_ROUNDS; i++) {
        gate_pass(&start_gate);
        unsigned before = interrupts;
        dev_put(get16(AVAIL_RING(dev_seen - 1)), 0);
        dev_signal(with_event);
        thread_saw = interrupts != before;
        gate_pass(&end_gate);
        gate_pass(&end_gate);
    }
    return NULL;
}

/* Row 3: interrupts on again while a completion comes. Not told of it by irq_on and not
 * interrupted: nobody would ever look. */
static void
test_irq_on_litmus(void **state)
{
    unsigned stalls = 0, slipped = 0;
    pthread_t thread;

    (void)state;
    for (unsigned event = 0; event < 2; event++) {
        bed_up(4, event ? EVENT_IDX : 0);
        with_event = event;
        assert_int_equal(pthread_create(&thread, NULL, completer, NULL), 0);
        for (unsigned i = 0; i < LITMUS_ROUNDS; i++) {
            vq_irq_off(q);
            add(1, 0, TOKEN(1));
            dev_take();
            gate_pass(&start_gate);
            drift(i);
            bool found = vq_irq_on(q);
            gate_pass(&end_gate);
            slipped += found;
            stalls += !found && !thread_saw;
            vq_reap(q, NULL);
            gate_pass(&end_gate);
        }
        pthread_join(thread, NULL);
    }
    printf("irq_on litmus: %u slipped in of %u, %u stalls\n", slipped, 2 * LITMUS_ROUNDS,
           stalls);
    assert_int_equal(stalls, 0);
    assert_false(q->broken);
}

#define STREAM 100000
static unsigned stale;
static bool stream_over;

/* Rows 1 and 4, the device's half: take each chain as soon as its index shows, look whether
 * entry and descriptor are there, poison both, complete with the number that it carried. */
static void *
streamer(void *arg)
{
    (void)arg;
    for (uint32_t n = 0; n < STREAM && !__atomic_load_n(&stream_over, __ATOMIC_RELAXED);) {
        if (get16(AVAIL_IDX) == dev_seen) {
            if (n % 64 == 0)
                sched_yield();
            continue;
        }
        uint16_t head = get16(AVAIL_RING(dev_seen));
        if (head >= size || get32(DESC_LEN(head)) != n + 1) {
            stale++;
            break;
        }
        put16(AVAIL_RING(dev_seen), 0xffff);
        put32(DESC_LEN(head), 0);
        dev_seen++;
        put32(USED_ID(dev_used), head);
        put32(USED_LEN(dev_used), n + 1);
        __atomic_thread_fence(__ATOMIC_RELEASE);
        put16(USED_IDX, ++dev_used);
        n++;
    }
    return NULL;
}

/* Rows 1 and 4: a stream of numbers through the ring, each one intact on both ways. */
static void
test_stream(void **state)
{
    static char sink[16];
    pthread_t thread;
    uint32_t sent = 0, got = 0;

    (void)state;
    bed_up(4, 0);
    stale = 0;
    stream_over = false;
    assert_int_equal(pthread_create(&thread, NULL, streamer, NULL), 0);
    uint64_t idle = 0;
    while (got < STREAM && idle < 200000000 && !__atomic_load_n(&stale, __ATOMIC_RELAXED)) {
        struct sg part = {sink, sent + 1};
        if (sent < STREAM && vq_add(q, &part, 0, 1, TOKEN(sent + 1)) == 0)
            sent++;
        uint32_t len = 0;
        void *token = vq_reap(q, &len);
        if (token == NULL) {
            if (++idle % 1000 == 0)
                sched_yield();
            continue;
        }
        got++;
        if (token != TOKEN(got) || len != got) {
            stale++;
            break;
        }
    }
    __atomic_store_n(&stream_over, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    assert_int_equal(stale, 0);
    assert_int_equal(got, STREAM);
    assert_false(q->broken);
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
        cmocka_unit_test_teardown(test_indirect_without_memory, down),
        cmocka_unit_test_teardown(test_impossible_chains, down),
        cmocka_unit_test_teardown(test_scribbled_descriptors, down),
        cmocka_unit_test_teardown(test_illegal_ids, down),
        cmocka_unit_test_teardown(test_completed_twice, down),
        cmocka_unit_test_teardown(test_illegal_indices, down),
        cmocka_unit_test_teardown(test_used_len, down),
        cmocka_unit_test_teardown(test_event_idx_exhaustive, down),
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
