/*
 * The model's PCI function: 256 bytes of configuration space as firmware leaves them, BARs
 * that can be sized, capabilities that describe the modern registers (virtio 1.2, 4.1.4), and
 * the way from a port or an address to the device behind it.
 */
#include <string.h>
#include "arch/x86/cpu/io.h"
#include "model/device.h"
#include "shim.h"

#define CAP_FIRST 0x40
#define CAP_STEP  0x10

/* The capability that reaches into the BARs (4.1.4.9), and its data register. */
#define CONFIG_WINDOW 4
#define WINDOW_BAR    4
#define WINDOW_OFFSET 8
#define WINDOW_LENGTH 12
#define WINDOW_DATA   16

#define COMMAND_IO     1
#define COMMAND_MEMORY 2

static const struct model_layout layout_memory = {0x4000, 0, 0x1000, 0x2000, 0x3000};
static const struct model_layout layout_io = {0x400, 0, 0x40, 0x80, 0x200};

const struct model_layout *
model_layout(const struct model *m)
{
    return m->setup.io_bars ? &layout_io : &layout_memory;
}

static void
put16(struct model *m, unsigned at, uint16_t value)
{
    memcpy(m->pci + at, &value, 2);
}

static void
put32(struct model *m, unsigned at, uint32_t value)
{
    memcpy(m->pci + at, &value, 4);
}

static uint32_t
get32(const struct model *m, unsigned at)
{
    uint32_t value;

    memcpy(&value, m->pci + at, 4);
    return value;
}

uint16_t
model_pci_command(const struct model *m)
{
    return get32(m, 4);
}

bool
model_msix_enabled(const struct model *m)
{
    return m->setup.msix && m->pci[MODEL_CAP_MSIX + 3] & 0x80;
}

/* ---- what firmware and vendor put there ---- */

unsigned
model_capability_at(unsigned n)
{
    /* The notify capability, the second, is 20 bytes long. */
    return CAP_FIRST + CAP_STEP * n + (n > 1 ? 4 : 0);
}

unsigned
model_msix_at(void)
{
    return MODEL_CAP_MSIX;
}

void
model_pci_poke(struct model *m, unsigned at, const void *from, size_t len)
{
    memcpy(m->pci + at, from, len);
}

static void
capability(struct model *m, unsigned n, uint8_t type, uint32_t offset, uint32_t length)
{
    unsigned at = model_capability_at(n), last = m->setup.no_config_window ? 3 : 4;
    bool longer = type == VIRTIO_PCI_CAP_NOTIFY_CFG || type == VIRTIO_PCI_CAP_PCI_CFG;

    m->pci[at] = 0x09;
    m->pci[at + 1] = n < last ? model_capability_at(n + 1) : m->setup.msix ? MODEL_CAP_MSIX : 0;
    m->pci[at + 2] = longer ? 20 : 16;
    m->pci[at + 3] = type;
    m->pci[at + 4] = MODEL_MODERN_BAR;
    put32(m, at + 8, offset);
    put32(m, at + 12, length);
}

static void
modern_init(struct model *m)
{
    const struct model_layout *l = model_layout(m);
    uint64_t base = m->setup.bar_address;

    if (base == 0)
        base = m->setup.io_bars ? 0xd000 + 0x400 * m->slot : 0xfe000000 + 0x10000 * m->slot;
    put32(m, 0x10 + 4 * MODEL_MODERN_BAR,
          base | (m->setup.io_bars ? 1 : 0) | (m->setup.bar_64 ? 4 : 0));
    m->bar_mask[MODEL_MODERN_BAR] = -l->size;
    if (m->setup.bar_64) {
        put32(m, 0x14 + 4 * MODEL_MODERN_BAR, base >> 32);
        m->bar_mask[MODEL_MODERN_BAR + 1] = UINT32_MAX;
    }
    capability(m, 0, VIRTIO_PCI_CAP_COMMON_CFG, l->common, 56);
    capability(m, 1, VIRTIO_PCI_CAP_NOTIFY_CFG, l->notify, 4 * MODEL_MAX_QUEUES);
    put32(m, model_capability_at(1) + 16, m->setup.notify_multiplier_0 ? 0 : 4);
    capability(m, 2, VIRTIO_PCI_CAP_ISR_CFG, l->isr, 1);
    capability(m, 3, VIRTIO_PCI_CAP_DEVICE_CFG, l->device, MODEL_CONFIG_SIZE);
    if (!m->setup.no_config_window)
        capability(m, CONFIG_WINDOW, VIRTIO_PCI_CAP_PCI_CFG, 0, 0);
    m->pci[0x34] = CAP_FIRST;
    m->pci[6] |= 0x10;
}

static void
legacy_init(struct model *m)
{
    put32(m, 0x10, (0xc000 + 0x200 * m->slot) | 1);
    m->bar_mask[0] = -0x200u;
}

void
model_pci_init(struct model *m)
{
    bool modern = m->setup.bus == MODEL_PCI_MODERN;

    put16(m, 0, VIRTIO_PCI_VENDOR);
    put16(m, 2, modern ? 0x1040 + m->setup.type : 0x1000 + (m->setup.type - 1) % 0x40);
    m->pci[8] = modern;
    put16(m, 0x2c, VIRTIO_PCI_VENDOR);
    put16(m, 0x2e, modern ? 0x1100 : m->setup.type);
    m->pci[0x3c] = m->setup.irq ? m->setup.irq : 11;
    if (m->setup.msix) {
        m->pci[0x34] = MODEL_CAP_MSIX;
        m->pci[6] |= 0x10;
        m->pci[MODEL_CAP_MSIX] = 0x11;
        m->pci[MODEL_CAP_MSIX + 2] = m->setup.msix - 1;
        m->pci[MODEL_CAP_MSIX + 4] = MODEL_MSIX_BAR;
        m->pci[MODEL_CAP_MSIX + 8] = MODEL_MSIX_BAR;
        m->pci[MODEL_CAP_MSIX + 9] = 8;
        put32(m, 0x10 + 4 * MODEL_MSIX_BAR, 0xfd000000 + 0x10000 * m->slot);
        m->bar_mask[MODEL_MSIX_BAR] = -MODEL_MSIX_SIZE;
    }
    model_msix_init(m);
    if (m->setup.bus != MODEL_PCI_LEGACY)
        modern_init(m);
    if (m->setup.bus != MODEL_PCI_MODERN)
        legacy_init(m);
    if (m->setup.edit)
        m->setup.edit(m, m->pci, m->setup.arg);
}

/* ---- configuration mechanism #1 ---- */

static uint32_t config_address;

/* The function that config_address selects: bus 0, function 0, slots from 1 on. */
static struct model *
addressed(void)
{
    if (!(config_address >> 31) || config_address & 0x00ff0700)
        return NULL;
    unsigned slot = config_address >> 11 & 31;
    struct model *m = slot ? model_at(slot - 1) : NULL;
    return m && !model_mmio(m) ? m : NULL;
}

/* Where the window's capability is; 256: nowhere. */
static unsigned
window_at(const struct model *m)
{
    bool there = m->setup.bus != MODEL_PCI_LEGACY && !m->setup.no_config_window;

    return there ? model_capability_at(CONFIG_WINDOW) : 256;
}

static bool
window_register(const struct model *m, unsigned at)
{
    return at == window_at(m) + WINDOW_BAR || at == window_at(m) + WINDOW_OFFSET ||
           at == window_at(m) + WINDOW_LENGTH;
}

/* Is this the window's data register, pointed at a register of this width? */
static bool
window_selected(const struct model *m, unsigned at, unsigned width)
{
    unsigned base = window_at(m);

    if (at != base + WINDOW_DATA)
        return false;
    if (m->pci[base + WINDOW_BAR] != MODEL_MODERN_BAR ||
        get32(m, base + WINDOW_LENGTH) != width || get32(m, base + WINDOW_OFFSET) % width != 0)
        model_violation(m, "4.1.4.9: %u bytes through a window of %u at %x of BAR %u", width,
                        get32(m, base + WINDOW_LENGTH), get32(m, base + WINDOW_OFFSET),
                        m->pci[base + WINDOW_BAR]);
    return true;
}

static uint32_t
config_read(unsigned at, unsigned width)
{
    struct model *m = addressed();
    uint32_t value = 0;

    if (!m)
        return 0xffffffff;
    if (window_selected(m, at, width))
        return model_modern_read(m, get32(m, window_at(m) + WINDOW_OFFSET), width);
    memcpy(&value, m->pci + at, width);
    return value;
}

static void
config_write(unsigned at, uint32_t value, unsigned width)
{
    struct model *m = addressed();

    if (!m)
        return;
    if (at >= 0x10 && at < 0x28) {
        uint32_t mask = m->bar_mask[(at - 0x10) / 4];
        if (width != 4)
            model_violation(m, "PCI 6.2.5: %u bytes to a base address register", width);
        else
            put32(m, at, (value & mask) | (get32(m, at) & 0xf & ~mask));
        return;
    }
    if (window_selected(m, at, width)) {
        model_modern_write(m, get32(m, window_at(m) + WINDOW_OFFSET), value, width);
        return;
    }
    if (window_register(m, at) || (at == 4 && width == 2) || at == 0x3c ||
        (m->setup.msix && at == MODEL_CAP_MSIX + 2))
        memcpy(m->pci + at, &value, width);
}

/* ---- from an address to a device ---- */

/* The device that decodes an address, the BAR it is in, and the offset there. */
static struct model *
decode(bool io, uint64_t address, unsigned *bar, uint32_t *offset)
{
    struct model *m;

    for (unsigned i = 0; (m = model_at(i)); i++) {
        if (!(model_pci_command(m) & (io ? COMMAND_IO : COMMAND_MEMORY)))
            continue;
        for (unsigned b = 0; b < 6; b++) {
            uint64_t value = get32(m, 0x10 + 4 * b);
            if (m->bar_mask[b] == 0 || (value & 1) != io || (b == 5 && m->setup.bar_64))
                continue;
            uint64_t base = value & (io ? ~3ull : ~15ull);
            if (!io && m->setup.bar_64 && b == MODEL_MODERN_BAR)
                base |= (uint64_t)get32(m, 0x14 + 4 * b) << 32;
            uint32_t size = -(m->bar_mask[b]);
            if (address < base || address - base >= size)
                continue;
            *bar = b;
            *offset = address - base;
            return m;
        }
    }
    return NULL;
}

static void
after_write(struct model *m)
{
    if (m->setup.lies.spurious)
        model_interrupt(m, VIRTIO_ISR_QUEUE | VIRTIO_ISR_CONFIG);
}

static uint32_t
device_read(bool io, uint64_t address, unsigned width)
{
    unsigned bar;
    uint32_t offset;
    struct model *m = decode(io, address, &bar, &offset);

    if (!m) {
        model_violation(NULL, "PCI: nothing decodes %s %llx", io ? "port" : "address",
                        (unsigned long long)address);
        return 0xffffffff;
    }
    if (bar == MODEL_MODERN_BAR)
        return model_modern_read(m, offset, width);
    if (bar == MODEL_MSIX_BAR)
        return model_msix_read(m, offset, width);
    return model_legacy_read(m, offset, width);
}

static void
device_write(bool io, uint64_t address, uint32_t value, unsigned width)
{
    unsigned bar;
    uint32_t offset;
    struct model *m = decode(io, address, &bar, &offset);

    if (!m) {
        model_violation(NULL, "PCI: nothing decodes %s %llx", io ? "port" : "address",
                        (unsigned long long)address);
        return;
    }
    if (bar == MODEL_MODERN_BAR)
        model_modern_write(m, offset, value, width);
    else if (bar == MODEL_MSIX_BAR)
        model_msix_write(m, offset, value, width);
    else
        model_legacy_write(m, offset, value, width);
    after_write(m);
}

/* ---- the accessors of arch/x86/cpu/io.h ---- */

uint32_t
model_port_read(uint16_t port, unsigned width)
{
    if (!model_lguest_ports())
        return 0xffffffff;
    if (port == 0xcf8 && width == 4)
        return config_address;
    if (port >= 0xcfc && port < 0xd00)
        return config_read((config_address & 0xfc) + port - 0xcfc, width);
    return device_read(true, port, width);
}

void
model_port_write(uint16_t port, uint32_t value, unsigned width)
{
    if (!model_lguest_ports())
        return;
    if (port == 0xcf8 && width == 4)
        config_address = value;
    else if (port >= 0xcfc && port < 0xd00)
        config_write((config_address & 0xfc) + port - 0xcfc, value, width);
    else
        device_write(true, port, value, width);
}

uint32_t
model_memory_read(uint64_t address, unsigned width)
{
    uint32_t offset;
    struct model *m = model_mmio_at(address, &offset);

    if (m)
        return model_mmio_read(m, offset, width);
    return device_read(false, address, width);
}

void
model_memory_write(uint64_t address, uint32_t value, unsigned width)
{
    uint32_t offset;
    struct model *m = model_mmio_at(address, &offset);

    if (m) {
        model_mmio_write(m, offset, value, width);
        return;
    }
    device_write(false, address, value, width);
}
