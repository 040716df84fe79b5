/*
 * The device's half of a packed ring, written from the specification (virtio 1.2, 2.8); it
 * looks at the bytes in ring memory with offsets of its own.
 */
#ifndef TESTS_UNIT_PACKED_DEVICE_H
#define TESTS_UNIT_PACKED_DEVICE_H

#include "ring_bed.h"

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
dev_serve(uint32_t len)
{
    dev_put(dev_take(), len);
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

static uint16_t
size_of(uint32_t random)
{
    return 1 + random % 17;
}

static const struct ring_device ring_device = {
    .features = BIT(34),
    .small = 3,
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
