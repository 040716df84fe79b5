/*
 * The device's half of a split ring, written from the specification (virtio 1.2, 2.7); it looks
 * at the bytes in ring memory with offsets of its own, so that a wrong idea in the driver
 * cannot hide in a shared accessor.
 */
#ifndef TESTS_UNIT_SPLIT_DEVICE_H
#define TESTS_UNIT_SPLIT_DEVICE_H

#include "ring_bed.h"

static uint8_t *desc, *avail, *used;
static uint16_t size;
static uint16_t dev_seen;      /* available entries taken */
static uint16_t dev_used;      /* used entries put */
static uint16_t dev_signalled; /* used index when an interrupt was last considered */

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
dev_start(uint16_t ring_size)
{
    desc = q->area.desc;
    avail = q->area.driver;
    used = q->area.device;
    size = ring_size;
    dev_seen = dev_used = dev_signalled = 0;
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

static void
dev_mute(bool event)
{
    if (event)
        put16(AVAIL_EVENT, dev_seen + 0x8000);
    else
        put16(USED_FLAGS, 1);
}

static void
dev_want(bool event)
{
    if (event)
        put16(AVAIL_EVENT, dev_seen);
    else
        put16(USED_FLAGS, 0);
}

static bool
dev_look(void)
{
    return get16(AVAIL_IDX) != dev_seen;
}

static void
dev_serve(uint32_t len)
{
    dev_put(dev_take(), len);
}

static int
dev_relay(uint32_t n)
{
    if (!dev_look())
        return 0;
    uint16_t head = get16(AVAIL_RING(dev_seen));
    if (head >= size || get32(DESC_LEN(head)) != n + 1)
        return -1;
    put16(AVAIL_RING(dev_seen), 0xffff);
    put32(DESC_LEN(head), 0);
    dev_seen++;
    put32(USED_ID(dev_used), head);
    put32(USED_LEN(dev_used), n + 1);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    put16(USED_IDX, ++dev_used);
    return 1;
}

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

static uint16_t
size_of(uint32_t random)
{
    return 1u << random % 5;
}

static const struct ring_device ring_device = {
    .small = 4,
    .size_of = size_of,
    .start = dev_start,
    .mute = dev_mute,
    .want = dev_want,
    .look = dev_look,
    .serve = dev_serve,
    .signal = dev_signal,
    .relay = dev_relay,
    .misbehave = dev_misbehave,
};

#endif
