/*
 * The PCI bus of virtio (virtio 1.2, 4.1): which functions are virtio devices, of what type,
 * and by which face (modern registers described by capabilities, or the legacy block of
 * ports) they are driven. Also what the faces share: register windows, and (pci_irq.c)
 * interrupts.
 *
 * Relies on arch/x86/pci/pci.h, which checks what configuration space says of BARs and lists.
 */
#include "arch/x86/cpu/io.h"
#include "arch/x86/pci/place.h"
#include "drivers/virtio/transport/pci.h"
#include "drivers/virtio/ring/ring.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"

/* ---- register windows ---- */

static uint16_t
port(const struct pci_window *w, uint32_t offset)
{
    return w->base + offset;
}

/* Point the window in configuration space at a register; where in configuration space it can be
 * accessed then, in this width only. Interrupts off until that is done. */
static unsigned
select(const struct pci_window *w, uint32_t offset, uint32_t width)
{
    pci_write8(w->pci, w->capability + offsetof(struct virtio_pci_cap, bar), w->bar);
    pci_write32(w->pci, w->capability + offsetof(struct virtio_pci_cap, offset),
                w->base + offset);
    pci_write32(w->pci, w->capability + offsetof(struct virtio_pci_cap, length), width);
    return w->capability + sizeof(struct virtio_pci_cap);
}

#define WINDOW_ACCESSORS(bits)                                                        \
    uint##bits##_t pci_window_read##bits(const struct pci_window *w, uint32_t offset) \
    {                                                                                 \
        if (w->kind == WINDOW_MEMORY)                                                 \
            return mmio_read##bits(w->mmio + offset);                                 \
        if (w->kind == WINDOW_PORTS)                                                  \
            return io_in##bits(port(w, offset));                                      \
        bool on = platform->irq_save();                                               \
        uint##bits##_t value = pci_read##bits(w->pci, select(w, offset, bits / 8));   \
        platform->irq_restore(on);                                                    \
        return value;                                                                 \
    }                                                                                 \
                                                                                      \
    void pci_window_write##bits(const struct pci_window *w, uint32_t offset,          \
                                uint##bits##_t value)                                 \
    {                                                                                 \
        if (w->kind == WINDOW_MEMORY) {                                               \
            mmio_write##bits(w->mmio + offset, value);                                \
        } else if (w->kind == WINDOW_PORTS) {                                         \
            io_out##bits(port(w, offset), value);                                     \
        } else {                                                                      \
            bool on = platform->irq_save();                                           \
            pci_write##bits(w->pci, select(w, offset, bits / 8), value);              \
            platform->irq_restore(on);                                                \
        }                                                                             \
    }

WINDOW_ACCESSORS(8)
WINDOW_ACCESSORS(16)
WINDOW_ACCESSORS(32)

uint32_t
pci_window_read(const struct pci_window *w, uint32_t offset, size_t width)
{
    return width == 1   ? pci_window_read8(w, offset)
           : width == 2 ? pci_window_read16(w, offset)
                        : pci_window_read32(w, offset);
}

/* ---- the bus ---- */

/* Functions of the scan that were not offered to the drivers yet. */
static struct list found = LIST_INIT(found);

/* 4.1.2: modern ids carry the type, transitional ones leave it to the subsystem id. */
static uint16_t
device_type(const struct pci_device *d)
{
    if (d->vendor != VIRTIO_PCI_VENDOR)
        return 0;
    if (d->device >= VIRTIO_PCI_DEVICE_MODERN && d->device < VIRTIO_PCI_DEVICE_MODERN + 0x40)
        return d->device - VIRTIO_PCI_DEVICE_MODERN;
    if (d->device >= VIRTIO_PCI_DEVICE_TRANSITIONAL && d->device < VIRTIO_PCI_DEVICE_MODERN)
        return d->subsystem;
    return 0;
}

static bool
transitional(const struct pci_device *d)
{
    return d->device < VIRTIO_PCI_DEVICE_MODERN;
}

/*
 * Collected first and started later: until every device's INTx is silent, one that the
 * firmware used and left with its line raised would storm on a line that another one shares.
 * Each is allowed to speak when its own handler is in place (virtio_pci_start).
 */
static void
function_found(const struct pci_device *d)
{
    uint16_t type = device_type(d);

    if (type == 0)
        return;
    pci_intx(d, false);
    struct virtio_pci *p = kmalloc(sizeof(*p));
    if (!p) {
        log_error("virtio-pci: no memory for the device at %02x:%02x.%x", d->bus, d->slot,
                  d->function);
        return;
    }
    p->pci = *d;
    p->v.type = type;
    ksnprintf(p->v.where, sizeof(p->v.where), "pci %02x:%02x.%x", d->bus, d->slot, d->function);
    list_append(&found, &p->v.link);
}

static bool
window_map(struct pci_window *w)
{
    if (w->kind != WINDOW_MEMORY || w->len == 0)
        return true;
    w->mmio = platform->map_device(w->base, w->len);
    return w->mmio;
}

/* For a device that somebody drives: reach its registers, let it reach memory. */
static bool
function_open(struct virtio_pci *p)
{
    if (!window_map(&p->common) || !window_map(&p->notify) || !window_map(&p->isr) ||
        !window_map(&p->config))
        return false;
    pci_enable(&p->pci);
    virtio_pci_irq_open(p);
    return true;
}

/* The modern face where it is complete; a transitional device has the other one too. */
static void
function_offer(struct virtio_pci *p)
{
    bool placed = pci_place(&p->pci) == 0;
    const char *why = placed ? virtio_pci_modern_find(p) : "there is no room for its registers";

    if (why && placed && transitional(&p->pci))
        why = virtio_pci_legacy_find(p);
    if (!why && virtio_driver_find(p->v.type) && !function_open(p))
        why = "its registers cannot be mapped";
    if (why) {
        log_error("%s: virtio %s cannot be used: %s", p->v.where, virtio_type_name(p->v.type),
                  why);
        kfree(p);
        return;
    }
    virtio_device_found(&p->v);
}

static void
scan(void)
{
    struct list *next;

    pci_scan(function_found);
    while ((next = list_pop(&found)))
        function_offer(container_of(next, struct virtio_pci, v.link));
    pci_place_end();
}

static const struct bus virtio_pci_bus = {"virtio-pci", scan};
ENLIST(buses, virtio_pci_bus);
