/*
 * The device page and what happens on it: the descriptors as the original lays them out
 * (packed, unaligned, in the order of the options, the console last), NOTIFY for starts,
 * resets, kicks and the early console, and the waiting for what devices wait for.
 */
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "launcher/check/check.h"
#include "launcher/device/device.h"
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define DEVICES   (OPTION_DEVICES + 1) /* the console */
#define FIRST_IRQ 1

static struct device devices[DEVICES];
static unsigned nr_devices;
static uint32_t page; /* the device page; 0 before the first publication */
static uint32_t page_used;
static uint8_t published[LGUEST_DESC_PAGE_SIZE]; /* as the guest found it */

#define for_each_device(d) for (struct device *d = devices; d < devices + nr_devices; d++)
#define for_each_queue(q, d) \
    for (struct queue *q = d->queues; q < d->queues + d->nr_queues; q++)

struct device *
device_new(const struct device_ops *ops, uint8_t type, unsigned nr_queues)
{
    static const char *const kinds[] = {[VIRTIO_ID_NET] = "net",
                                        [VIRTIO_ID_BLOCK] = "block",
                                        [VIRTIO_ID_CONSOLE] = "console",
                                        [VIRTIO_ID_ENTROPY] = "rng"};
    unsigned number = 0;
    for_each_device(other) number += other->type == type;
    struct device *d = &devices[nr_devices++];
    snprintf(d->name, sizeof(d->name), "%s %u", kinds[type], number);
    d->ops = ops;
    d->type = type;
    d->nr_queues = nr_queues;
    for_each_queue(q, d)
    {
        q->device = d;
        q->index = q - d->queues;
        q->fd = -1;
    }
    return d;
}

/* ---- the page ---- */

uint32_t
device_page_room(void)
{
    return LGUEST_DESC_PAGE_SIZE - page_used;
}

void
device_page_append(const void *bytes, uint32_t len)
{
    if (len > device_page_room())
        die("no room for so many devices on the device page");
    memcpy(memory_at(page + page_used, len), bytes, len);
    page_used += len;
}

static void
append_queue(const struct queue *q)
{
    struct lguest_vqconfig config = {
        .num = LGUEST_VRING_SIZE, .irq = q->irq, .pfn = q->address / PAGE};
    HOOK(lies.describe, (q, &config));
    device_page_append(&config, sizeof(config));
}

static void
append_device(struct device *d)
{
    struct lguest_device_desc desc = {d->type, d->nr_queues, d->feature_len, d->config_len, 0};
    d->desc_address = page + page_used;
    device_page_append(&desc, sizeof(desc));
    for_each_queue(q, d) append_queue(q);
    static const uint64_t nothing_accepted;
    device_page_append(&d->features, d->feature_len);
    device_page_append(&nothing_accepted, d->feature_len);
    if (d->config_len)
        device_page_append(d->config, d->config_len);
    d->desc_len = page + page_used - d->desc_address;
}

void
device_publish(void)
{
    if (!page) {
        page = memory_device_pages(1);
        unsigned irq = FIRST_IRQ;
        for_each_device(d) for_each_queue(q, d)
        {
            q->address = memory_device_pages(LGUEST_VRING_PAGES);
            q->desc = memory_at(q->address, PAGE);
            q->avail = memory_at(q->address + LGUEST_VRING_AVAIL, PAGE);
            q->used = memory_at(q->address + LGUEST_VRING_USED, PAGE);
            q->irq = irq++;
        }
    }
    page_used = 0;
    for_each_device(d)
    {
        append_device(d);
        if (d == devices)
            HOOK(lies.first_listed, ());
    }
    HOOK(lies.all_listed, ());
    memcpy(published, memory_at(page, page_used), page_used);
}

/* ---- start, reset, kick ---- */

static void
reset(struct device *d)
{
    if (d->ops->reset)
        d->ops->reset(d);
    d->running = false;
    d->accepted = 0;
    for_each_queue(q, d) ring_reset(q);
}

void
device_reset_all(void)
{
    for_each_device(d) reset(d);
}

static uint8_t *
descriptor_of(const struct device *d)
{
    return memory_at(d->desc_address, d->desc_len);
}

static uint8_t *
accepted_bitmap(const struct device *d)
{
    return descriptor_of(d) + LGUEST_DESC_HEADER + d->nr_queues * LGUEST_VQCONFIG_SIZE +
           d->feature_len;
}

static void
start(struct device *d, uint8_t status)
{
    if (d->running)
        die("Device %s features finalized twice", d->name);
    memcpy(&d->accepted, accepted_bitmap(d), d->feature_len);
    HOOK(rules.start, (d, status, descriptor_of(d), published + (d->desc_address - page)));
    d->accepted &= d->features;
    verbose("%s: started, features %#lx of %#lx", d->name, d->accepted, d->features);
    d->running = true;
    if (d->ops->started)
        d->ops->started(d);
}

static void
status_changed(struct device *d)
{
    uint8_t status =
        *(volatile uint8_t *)(descriptor_of(d) + offsetof(struct lguest_device_desc, status));
    trace("%s: status %#x", d->name, status);
    if (status == 0) {
        reset(d);
        memset(accepted_bitmap(d), 0, d->feature_len);
    } else if (status & VIRTIO_STATUS_FAILED) {
        warn("Device %s configuration FAILED", d->name);
        if (d->running)
            reset(d);
    } else {
        start(d, status);
    }
}

static void
kick(struct queue *q)
{
    trace("%s: kick of queue %u", q->device->name, q->index);
    if (!q->device->running)
        die("Notification on %s before setup!", q->device->name);
    HOOK(rules.kick, (q));
    q->device->ops->serve(q);
}

/* Any other address is text for the early console. */
static void
early_print(uint32_t address)
{
    if (address >= memory.limit)
        die("Bad NOTIFY %#x", address);
    const char *text = memory_at(address, memory.limit - address);
    console_print(text, strnlen(text, memory.limit - address));
}

void
device_notify(uint32_t address)
{
    stats.notifies++;
    HOOK(lies.notify, ());
    if (address == 0)
        return;
    for_each_device(d)
    {
        if (address == d->desc_address) {
            status_changed(d);
            return;
        }
        for_each_queue(q, d) if (address == q->address)
        {
            kick(q);
            return;
        }
    }
    early_print(address);
}

bool
device_is_named(uint32_t address)
{
    for_each_device(d)
    {
        if (address == d->desc_address)
            return true;
        for_each_queue(q, d) if (address == q->address) return true;
    }
    return false;
}

/* ---- waiting ---- */

unsigned
device_poll_set(struct pollfd *set)
{
    unsigned n = 0;
    for_each_device(d) for_each_queue(q, d) if (q->fd >= 0 && q->events) set[n++] =
        (struct pollfd){.fd = q->fd, .events = q->events};
    return n;
}

static void
serve_ready(const struct pollfd *set, unsigned n)
{
    for_each_device(d) for_each_queue(q, d) for (unsigned i = 0; i < n; i++)
    {
        if (set[i].fd == q->fd && set[i].revents & (q->events | POLLERR | POLLHUP)) {
            d->ops->serve(q);
            break;
        }
    }
}

int
device_sleep(struct pollfd *set, unsigned n)
{
    sigset_t all_in;
    sigemptyset(&all_in);
    watch_park();
    int ready = gate_is_inside() ? gate_sleep(set, n) : ppoll(set, n, NULL, &all_in);
    watch_park(); /* what ended the sleep may have been a nudge, which is gone now: */
    worker_reap();
    return ready;
}

void
device_poll(bool wait)
{
    static const struct timespec at_once;
    struct pollfd set[DEVICE_POLL_MAX];
    unsigned n = device_poll_set(set);
    int ready = 0;
    HOOK(lies.wait, ());
    if (wait && !lies.wait)
        ready = device_sleep(set, n);
    else if (n)
        ready = ppoll(set, n, &at_once, NULL);
    if (ready > 0)
        serve_ready(set, n);
    worker_reap();
}

bool
device_fd_ready(int fd, short events)
{
    static const struct timespec at_once;
    struct pollfd one = {.fd = fd, .events = events};
    return ppoll(&one, 1, &at_once, NULL) > 0;
}

void
device_print_stats(void)
{
    for_each_device(d) warn("%s: %lu requests, %lu bytes to the guest, %lu bytes from it",
                            d->name, d->requests, d->bytes_in, d->bytes_out);
}
