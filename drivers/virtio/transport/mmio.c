/*
 * The virtio-mmio transport (virtio 1.2, 4.2): one block of 32-bit registers in memory, with
 * the device's configuration behind them. Version 1 is the legacy one (4.2.4), whose queues are
 * told as one page number; version 2 is the modern one.
 */
#include "arch/x86/cpu/io.h"
#include "drivers/virtio/transport/mmio.h"
#include "drivers/virtio/ring/ring.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"

/*
 * The driver may choose any size up to the device's most. QEMU says 1024 for every queue,
 * whatever the device; 256 is what the same devices have on PCI, and rings of that size keep
 * ten pages less per queue.
 */
#define QUEUE_SIZE_MAX 256
#define QUEUE_ALIGN    4096

/* Looks at the interrupt status per interrupt; more of them wait for the next known point. */
#define INTERRUPT_LOOKS 16

static struct virtio_mmio *
mmio(struct virtio_device *v)
{
    return (struct virtio_mmio *)v;
}

static uint32_t
reg_read(struct virtio_device *v, uint32_t offset)
{
    return mmio_read32(mmio(v)->regs + offset);
}

static void
reg_write(struct virtio_device *v, uint32_t offset, uint32_t value)
{
    mmio_write32(mmio(v)->regs + offset, value);
}

/* ---- status, features ---- */

static uint8_t
get_status(struct virtio_device *v)
{
    return reg_read(v, VIRTIO_MMIO_STATUS);
}

static void
set_status(struct virtio_device *v, uint8_t status)
{
    reg_write(v, VIRTIO_MMIO_STATUS, status);
}

static uint64_t
get_features(struct virtio_device *v)
{
    reg_write(v, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
    uint64_t low = reg_read(v, VIRTIO_MMIO_DEVICE_FEATURES);
    reg_write(v, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
    return low | (uint64_t)reg_read(v, VIRTIO_MMIO_DEVICE_FEATURES) << 32;
}

static void
set_features(struct virtio_device *v, uint64_t accepted)
{
    reg_write(v, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
    reg_write(v, VIRTIO_MMIO_DRIVER_FEATURES, accepted);
    reg_write(v, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
    reg_write(v, VIRTIO_MMIO_DRIVER_FEATURES, accepted >> 32);
}

/* ---- configuration ---- */

static size_t
config_size(struct virtio_device *v)
{
    return mmio(v)->len - VIRTIO_MMIO_CONFIG;
}

static uint32_t
config_read(struct virtio_device *v, size_t offset, size_t width)
{
    volatile char *at = mmio(v)->regs + VIRTIO_MMIO_CONFIG + offset;

    return width == 1 ? mmio_read8(at) : width == 2 ? mmio_read16(at) : mmio_read32(at);
}

static void
config_write32(struct virtio_device *v, size_t offset, uint32_t value)
{
    reg_write(v, VIRTIO_MMIO_CONFIG + offset, value);
}

static uint32_t
config_generation(struct virtio_device *v)
{
    return reg_read(v, VIRTIO_MMIO_CONFIG_GENERATION);
}

/* ---- queues ---- */

/* Select the queue, see that it is not in use (`used` is the register that says so), choose a
 * size (a power of two, which both layouts take) and allocate. */
static int
queue_begin(struct virtio_device *v, struct virtqueue *q, uint32_t used, unsigned align)
{
    reg_write(v, VIRTIO_MMIO_QUEUE_SEL, q->index);
    if (reg_read(v, used) != 0)
        return -EBUSY;
    uint32_t size = MIN(reg_read(v, VIRTIO_MMIO_QUEUE_NUM_MAX), (uint32_t)QUEUE_SIZE_MAX);
    if (size == 0)
        return -ENOENT;
    while (size & (size - 1))
        size &= size - 1;
    int error = queue_area_alloc(q, size, align);
    if (error)
        return error;
    reg_write(v, VIRTIO_MMIO_QUEUE_NUM, size);
    return 0;
}

/* 4.2.4: the page size, in which all else is counted, comes before any queue. */
static int
queue_setup_v1(struct virtio_device *v, struct virtqueue *q)
{
    reg_write(v, VIRTIO_MMIO_GUEST_PAGE_SIZE, PAGE_SIZE);
    int error = queue_begin(v, q, VIRTIO_MMIO_QUEUE_PFN, QUEUE_ALIGN);
    if (error)
        return error;
    reg_write(v, VIRTIO_MMIO_QUEUE_ALIGN, QUEUE_ALIGN);
    reg_write(v, VIRTIO_MMIO_QUEUE_PFN, (uintptr_t)q->area.desc >> PAGE_SHIFT);
    return 0;
}

static void
write_address(struct virtio_device *v, uint32_t low, const void *address)
{
    uint64_t physical = (uintptr_t)address;

    reg_write(v, low, physical);
    reg_write(v, low + 4, physical >> 32);
}

/* 4.2.3.2. Written and read back, as a device may refuse. */
static int
queue_setup_v2(struct virtio_device *v, struct virtqueue *q)
{
    int error = queue_begin(v, q, VIRTIO_MMIO_QUEUE_READY, sizeof(uint32_t));
    if (error)
        return error;
    write_address(v, VIRTIO_MMIO_QUEUE_DESC_LOW, q->area.desc);
    write_address(v, VIRTIO_MMIO_QUEUE_DRIVER_LOW, q->area.driver);
    write_address(v, VIRTIO_MMIO_QUEUE_DEVICE_LOW, q->area.device);
    reg_write(v, VIRTIO_MMIO_QUEUE_READY, 1);
    return reg_read(v, VIRTIO_MMIO_QUEUE_READY) == 1 ? 0 : -EIO;
}

static void
notify(struct virtio_device *v, struct virtqueue *q)
{
    reg_write(v, VIRTIO_MMIO_QUEUE_NOTIFY, q->index);
}

/* ---- interrupt ---- */

/*
 * The device holds its line while a bit of the status is set. Where the line is taken by its
 * edge (a 8259, a Firecracker) the next one only comes after all bits were clear, so one that
 * was set between look and acknowledgement must be seen here: look until there is none.
 */
static void
interrupt(void *arg)
{
    struct virtio_device *v = arg;

    for (unsigned n = 0; n < INTERRUPT_LOOKS; n++) {
        uint32_t status = reg_read(v, VIRTIO_MMIO_INTERRUPT_STATUS);
        if (status == 0)
            return;
        reg_write(v, VIRTIO_MMIO_INTERRUPT_ACK, status);
        if (status & VIRTIO_ISR_QUEUE)
            virtio_queue_interrupt(v);
        if (status & VIRTIO_ISR_CONFIG)
            virtio_config_interrupt(v);
    }
    defer_mark(&mmio(v)->look_again);
}

/* As deferred work: the handler once more, with its interrupt off as it expects. */
static void
look_again(void *arg)
{
    bool on = platform->irq_save();

    interrupt(arg);
    platform->irq_restore(on);
}

static int
start(struct virtio_device *v)
{
    struct virtio_mmio *m = mmio(v);

    if (!m->irq)
        return -ENXIO;
    m->action.handler = interrupt;
    m->look_again.run = look_again;
    m->action.arg = m->look_again.arg = v;
    irq_attach(m->irq, &m->action);
    return 0;
}

static void
stop(struct virtio_device *v)
{
    struct virtio_mmio *m = mmio(v);

    if (!m->irq)
        return;
    irq_detach(m->irq, &m->action);
    defer_cancel(&m->look_again);
}

/* ---- the two versions ---- */

#define BOTH_VERSIONS                                                                     \
    .get_status = get_status, .set_status = set_status, .get_features = get_features,     \
    .set_features = set_features, .config_size = config_size, .config_read = config_read, \
    .config_write32 = config_write32, .start = start, .stop = stop, .notify = notify

static const struct virtio_transport version_1 = {
    .name = "mmio-1", .queue_setup = queue_setup_v1, BOTH_VERSIONS};

static const struct virtio_transport version_2 = {.name = "mmio-2",
                                                  .queue_setup = queue_setup_v2,
                                                  .config_generation = config_generation,
                                                  .modern = true,
                                                  BOTH_VERSIONS};

/* 4.2.3.1.1: magic, version and device id are looked at in this order, and nothing else of a
 * device that is not wanted. */
const char *
virtio_mmio_open(struct virtio_mmio *m)
{
    if (reg_read(&m->v, VIRTIO_MMIO_MAGIC_VALUE) != VIRTIO_MMIO_MAGIC)
        return "there are no virtio registers";
    m->version = reg_read(&m->v, VIRTIO_MMIO_VERSION);
    if (m->version != 1 && m->version != 2)
        return "its version is neither 1 nor 2";
    m->v.transport = m->version == 1 ? &version_1 : &version_2;
    m->v.type = reg_read(&m->v, VIRTIO_MMIO_DEVICE_ID);
    return NULL;
}
