/*
 * I/O APICs: each pin has an entry that says which vector it raises on which processor, and how
 * the wire behaves. An entry is made when a driver asks for its pin; the others stay masked.
 */
#include "arch/x86/irq/ioapic.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/cpu/io.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"

/* Two registers lead to all others (82093AA, 3.1). */
#define SELECT         0x00
#define WINDOW         0x10
#define REGISTERS_SIZE 0x20

#define REG_VERSION  0x01 /* bits 16 to 23: number of the last pin */
#define REG_ENTRY    0x10 /* two registers for each pin, the lower half first */
#define PINS_MAX     240
#define VERSION_NONE 0xffffffff

#define ENTRY_MODE        0x00700
#define ENTRY_MODE_EXTINT 0x00700
#define ENTRY_LOW         0x02000
#define ENTRY_LEVEL       0x08000
#define ENTRY_MASKED      0x10000
#define ENTRY_DESTINATION 24 /* in the upper half */

struct ioapic {
    volatile char *registers;
    uint32_t gsi_base;
    unsigned nr_pins;
};

struct pin {
    struct irq_line line;
    struct pin *next;
    const struct ioapic *chip;
    unsigned gsi;
    uint32_t entry; /* lower half, not masked */
    char name[12];
};

static struct ioapic chips[MADT_IOAPICS_MAX];
static unsigned nr_chips;
static struct pin *pins; /* those that were asked for */

/* Selecting and accessing must not be torn apart: interrupts off in both. */
static uint32_t
reg_read(const struct ioapic *chip, unsigned reg)
{
    mmio_write32(chip->registers + SELECT, reg);
    return mmio_read32(chip->registers + WINDOW);
}

static void
reg_write(const struct ioapic *chip, unsigned reg, uint32_t value)
{
    mmio_write32(chip->registers + SELECT, reg);
    mmio_write32(chip->registers + WINDOW, value);
}

/* Firmware may pass the 8259s' interrupts through a pin; that one is left as it is. */
static void
silence(const struct ioapic *chip)
{
    for (unsigned i = 0; i < chip->nr_pins; i++) {
        uint32_t entry = reg_read(chip, REG_ENTRY + 2 * i);
        if (!(entry & ENTRY_MASKED) && (entry & ENTRY_MODE) != ENTRY_MODE_EXTINT)
            reg_write(chip, REG_ENTRY + 2 * i, entry | ENTRY_MASKED);
    }
}

static void
add_chip(uint32_t address, uint32_t gsi_base)
{
    struct ioapic *chip = &chips[nr_chips];

    chip->registers = platform->map_device(address, REGISTERS_SIZE);
    if (!chip->registers)
        return;
    uint32_t version = reg_read(chip, REG_VERSION);
    chip->nr_pins = (version >> 16 & 0xff) + 1;
    chip->gsi_base = gsi_base;
    if (version == VERSION_NONE || chip->nr_pins > PINS_MAX)
        return;
    silence(chip);
    nr_chips++;
}

void
ioapic_init(const struct madt *madt)
{
    nr_chips = 0;
    for (unsigned i = 0; i < madt->nr_ioapics; i++)
        add_chip(madt->ioapics[i].address, madt->ioapics[i].gsi_base);
}

bool
ioapic_present(void)
{
    return nr_chips != 0;
}

/* Called with interrupts off: irq_attach and irq_detach see to it. */
static void
set_mask(struct irq_line *line, bool on)
{
    const struct pin *p = (const struct pin *)line;

    reg_write(p->chip, REG_ENTRY + 2 * (p->gsi - p->chip->gsi_base),
              p->entry | (on ? ENTRY_MASKED : 0));
}

static const struct ioapic *
chip_of(unsigned gsi)
{
    for (unsigned i = 0; i < nr_chips; i++)
        if (gsi >= chips[i].gsi_base && gsi - chips[i].gsi_base < chips[i].nr_pins)
            return &chips[i];
    return NULL;
}

/* The entry as the pin will have it; masked until somebody listens. */
static void
set_entry(struct pin *p, unsigned n, bool level, bool low)
{
    bool on = platform->irq_save();

    p->entry = apic_message_data(n) | (level ? ENTRY_LEVEL : 0) | (low ? ENTRY_LOW : 0);
    reg_write(p->chip, REG_ENTRY + 2 * (p->gsi - p->chip->gsi_base) + 1,
              (uint32_t)apic_id() << ENTRY_DESTINATION);
    set_mask(&p->line, true);
    platform->irq_restore(on);
}

struct irq_line *
ioapic_line(unsigned gsi, bool level, bool low)
{
    const struct ioapic *chip = chip_of(gsi);

    for (struct pin *p = pins; p; p = p->next)
        if (p->gsi == gsi)
            return &p->line;
    struct pin *p = chip ? kmalloc(sizeof(*p)) : NULL;
    if (!p)
        return NULL;
    int n = apic_claim(&p->line);
    if (n < 0) {
        kfree(p);
        return NULL;
    }
    ksnprintf(p->name, sizeof(p->name), "gsi %u", gsi);
    p->line.name = p->name;
    p->line.mask = set_mask;
    p->chip = chip;
    p->gsi = gsi;
    set_entry(p, (unsigned)n, level, low);
    p->next = pins;
    pins = p;
    return &p->line;
}
