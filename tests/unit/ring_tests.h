/*
 * The tests that hold for a ring of either layout, over the device that the including file
 * plays (ring_bed.h); they name the rows of the virtio checklist that they cover.
 */
#ifndef TESTS_UNIT_RING_TESTS_H
#define TESTS_UNIT_RING_TESTS_H

#include "ring_bed.h"

/* The first part of an indirect chain is still in its table, which the sanitizer watches, while
 * others come and go. */
static void
expect_table_kept(const uint8_t *table)
{
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(add(1, 2, TOKEN(2)), 0);
        ring_device.serve(0);
        assert_ptr_equal(vq_reap(q, NULL), TOKEN(2));
        assert_int_equal(get64(table), (uintptr_t)data);
    }
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
    shim_memory_fail_after(0);
    assert_int_equal(add(2, 1, TOKEN(2)), -ENOSPC);
    assert_int_equal(add(2, 1, TOKEN(2)), 0);
    assert_int_equal(q->free, 1);
    /* Two parts need a table when only one descriptor is left. */
    assert_int_equal(add(1, 1, TOKEN(3)), 0);
    assert_int_equal(q->free, 0);
    assert_int_equal(add(1, 0, TOKEN(4)), -ENOSPC);
}

/* What cannot be offered is refused and changes nothing in the ring. */
static void
test_impossible_chains(void **state)
{
    const uint16_t size = 8;
    struct sg parts[10];

    (void)state;
    for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
        bed_up(size, modes[m]);
        size_t bytes = q->area.pages * PAGE_SIZE;
        void *before = malloc(bytes);
        memcpy(before, q->area.desc, bytes);
        for (unsigned i = 0; i < 10; i++)
            parts[i] = (struct sg){data, 1};
        assert_int_equal(vq_add(q, parts, 0, 0, TOKEN(1)), -EINVAL);
        assert_int_equal(vq_add(q, parts, size + 1, 0, TOKEN(1)), -EINVAL);
        assert_int_equal(vq_add(q, parts, size, 1, TOKEN(1)), -EINVAL);
        assert_int_equal(vq_add(q, parts, UINT32_MAX, 2, TOKEN(1)), -EINVAL);
        assert_int_equal(vq_add(q, parts, 2, UINT32_MAX, TOKEN(1)), -EINVAL);
        parts[1].len = 0;
        assert_int_equal(vq_add(q, parts, 1, 1, TOKEN(1)), -EINVAL);
        parts[0].len = parts[1].len = 0x80000000u;
        assert_int_equal(vq_add(q, parts, 1, 1, TOKEN(1)), -EINVAL);
        assert_int_equal(q->free, size);
        assert_false(ring_device.look());
        assert_memory_equal(before, q->area.desc, bytes);
        free(before);
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
        bed_up(ring_device.small, modes[m]);
        for (unsigned i = 0; i < ARRAY_SIZE(claims); i++) {
            uint32_t len = 77;
            uint64_t before = q->violations;
            assert_int_equal(vq_add(q, parts, 1, 2, TOKEN(1)), 0);
            ring_device.serve(claims[i]);
            assert_ptr_equal(vq_reap(q, &len), TOKEN(1));
            assert_int_equal(len, MIN(claims[i], 8u));
            assert_int_equal(q->violations - before, claims[i] > 8);
        }
        assert_false(q->broken);
        assert_int_equal(add(1, 0, TOKEN(1)), 0);
        ring_device.serve(5);
        assert_ptr_equal(vq_reap(q, NULL), TOKEN(1));
        assert_false(q->broken);
    }
}

/* Row 11: with interrupts off there is not one in 200 000 completions. */
static void
test_never_interrupt(void **state)
{
    const uint16_t sizes[] = {1, ring_device.small, 256};

    (void)state;
    for (unsigned s = 0; s < ARRAY_SIZE(sizes); s++) {
        for (unsigned event = 0; event < 2; event++) {
            bed_up(sizes[s], event ? EVENT_IDX : 0);
            vq_irq_off(q);
            for (unsigned n = 0; n < 200000;) {
                unsigned batch = MIN(1 + n % 3, (unsigned)sizes[s]);
                for (unsigned i = 0; i < batch; i++, n++) {
                    assert_int_equal(add(1, 0, TOKEN(1)), 0);
                    ring_device.serve(0);
                }
                ring_device.signal(event);
                while (vq_reap(q, NULL))
                    continue;
            }
            assert_int_equal(interrupts, 0);
            /* On again: the next one is heard of. */
            assert_false(vq_irq_on(q));
            assert_int_equal(add(1, 0, TOKEN(1)), 0);
            ring_device.serve(0);
            ring_device.signal(event);
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
    for (unsigned kind = 0; kind < 4; kind++) {
        bool event = kind & 1;
        bed_up(ring_device.small, event ? EVENT_IDX : 0);
        if (kind & 2) /* otherwise a new ring wants them unasked */
            vq_irq_on(q);
        for (unsigned n = 0; n < 70000; n++) {
            assert_int_equal(add(1 + n % 3, 0, TOKEN(1)), 0);
            ring_device.serve(0);
            ring_device.signal(event);
            assert_int_equal(interrupts, n + 1);
            assert_ptr_equal(vq_reap(q, NULL), TOKEN(1));
            assert_null(vq_reap(q, NULL));
        }
        vq_irq_off(q);
        assert_int_equal(add(1, 0, TOKEN(2)), 0);
        ring_device.serve(0);
        ring_device.signal(event);
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
        ring_device.serve(0);
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
        bed_up(ring_device.size_of(random32(&seed)), modes[round % ARRAY_SIZE(modes)]);
        for (unsigned i = 0; i < 200 && !q->broken; i++) {
            unsigned n = 1 + random32(&seed) % 60, parts = 1 + random32(&seed) % 4;
            if (!(out >> n & 1) && add(parts, random32(&seed) % 2, TOKEN(n)) == 0)
                out |= BIT(n);
            vq_kick(q);
            ring_device.misbehave(&seed);
            uint32_t len = 0;
            void *token = vq_reap(q, &len);
            if (!token)
                continue;
            assert_true(out >> (uintptr_t)token & 1);
            assert_true(len <= 5);
            out &= ~(UINT64_C(1) << (uintptr_t)token);
        }
        broken += q->broken;
        for (void *token; (token = vq_detach(q)); out &= ~(UINT64_C(1) << (uintptr_t)token))
            assert_true(out >> (uintptr_t)token & 1);
        assert_int_equal(out, 0);
        assert_int_equal(q->free, q->size);
    }
    assert_in_range(broken, 1000, 4000);
}

#define RING_TESTS                                                    \
    cmocka_unit_test_teardown(test_indirect_without_memory, down),    \
        cmocka_unit_test_teardown(test_impossible_chains, down),      \
        cmocka_unit_test_teardown(test_used_len, down),               \
        cmocka_unit_test_teardown(test_never_interrupt, down),        \
        cmocka_unit_test_teardown(test_interrupts_wanted, down),      \
        cmocka_unit_test_teardown(test_no_kick_before_running, down), \
        cmocka_unit_test_teardown(test_detach_and_release, down),     \
        cmocka_unit_test_teardown(test_queue_without_memory, down),   \
        cmocka_unit_test_teardown(test_random_device, down)

#endif
