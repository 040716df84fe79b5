/*
 * PCI configuration and the 8259s over a model of their ports: a few devices behind bridges,
 * whose registers the test lays out, honest or not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "arch/x86/irq/lines.h"
#include "arch/x86/pci/pci.h"
#include "arch/x86/irq/pic.h"
#include "arch/x86/pci/place.h"
#include "kernel/boot_info.h"
#include "kernel/errno.h"
#include "kernel/kernel.h"

#define NR_DEVICES 8

/* A function: its bytes, and which bits of each can be written. */
struct function {
    uint8_t bus, slot, function;
    uint8_t bytes[256], writable[256];
    bool forgetful; /* a BAR can be sized, but keeps no address */
};

struct boot_info boot_info;

static struct function functions[NR_DEVICES];
static unsigned nr_functions;
static uint32_t config_address;
static bool no_bridge; /* nothing decodes the configuration ports */
static unsigned accesses;

/* In-service registers, ports written with an end of interrupt, and the masks. */
static struct {
    uint8_t isr[2], mask[2];
    unsigned eoi[2];
    unsigned init[2];
    bool absent;
    uint8_t level[2]; /* ELCR */
} pic;

static struct function *
selected(void)
{
    for (unsigned i = 0; i < nr_functions; i++) {
        struct function *f = &functions[i];
        uint32_t id =
            (uint32_t)f->bus << 16 | (uint32_t)f->slot << 11 | (uint32_t)f->function << 8;
        if ((config_address & 0x80ffff00) == (0x80000000 | id))
            return f;
    }
    return NULL;
}

static unsigned
pic_of(uint16_t port)
{
    return port >= 0xa0;
}

uint32_t
model_port_read(uint16_t port, unsigned width)
{
    uint32_t value = 0xffffffff;

    if (port == 0x20 || port == 0xa0)
        return pic.isr[pic_of(port)];
    if (port == 0x21 || port == 0xa1)
        return pic.absent ? 0xff : pic.mask[pic_of(port)];
    if (port == 0x4d0 || port == 0x4d1)
        return pic.level[port & 1];
    assert_true(++accesses < 5000000);
    if (no_bridge)
        return value >> (32 - 8 * width);
    if (port == 0xcf8) {
        assert_int_equal(width, 4);
        return config_address;
    }
    assert_in_range(port, 0xcfc, 0xcff);
    assert_int_equal(port % width, 0);
    struct function *f = selected();
    if (f)
        memcpy(&value, f->bytes + (config_address & 0xfc) + (port & 3), width);
    return width == 4 ? value : value & ((1u << 8 * width) - 1);
}

void
model_port_write(uint16_t port, uint32_t value, unsigned width)
{
    if (port == 0x4d0 || port == 0x4d1) {
        pic.level[port & 1] = (uint8_t)value;
        return;
    }
    if (port < 0xcf8) {
        unsigned chip = pic_of(port);
        if (port & 1) {
            pic.mask[chip] = (uint8_t)value;
        } else if (value & 0x10) {
            pic.init[chip]++;
        } else if (value == 0x20) {
            pic.eoi[chip]++;
        } else {
            assert_int_equal(value, 0x0b);
        }
        return;
    }
    if (port == 0xcf8) {
        assert_int_equal(width, 4);
        config_address = value & 0x80fffffc;
        return;
    }
    assert_in_range(port, 0xcfc, 0xcff);
    assert_int_equal(port % width, 0);
    struct function *f = selected();
    unsigned at = (config_address & 0xfc) + (port & 3);
    /* A device that decodes must not be sent astray. */
    if (f && at >= PCI_BAR0 && at < PCI_BAR0 + 24)
        assert_int_equal(f->bytes[PCI_COMMAND] & 3, 0);
    if (f && f->forgetful && at >= PCI_BAR0 && at < PCI_BAR0 + 24 && value != 0xffffffff)
        value = 0;
    for (unsigned i = 0; f && i < width; i++) {
        uint8_t mask = f->writable[at + i];
        f->bytes[at + i] = (uint8_t)((f->bytes[at + i] & ~mask) | (value >> 8 * i & mask));
    }
}

/* ---- laying out ---- */

static void
put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof(value));
}

static struct function *
add(uint8_t bus, uint8_t slot, uint8_t function, uint8_t header)
{
    struct function *f = &functions[nr_functions++];

    assert_true(nr_functions <= NR_DEVICES);
    memset(f, 0, sizeof(*f));
    f->bus = bus;
    f->slot = slot;
    f->function = function;
    put32(f->bytes, 0x10051af4);
    f->bytes[PCI_HEADER_TYPE] = header;
    f->bytes[PCI_INTERRUPT_LINE] = 11;
    f->bytes[PCI_COMMAND] = 7;
    f->writable[PCI_COMMAND] = 7;
    f->writable[PCI_COMMAND + 1] = 4;
    return f;
}

static struct pci_device
device_of(const struct function *f)
{
    return (struct pci_device){.bus = f->bus, .slot = f->slot, .function = f->function};
}

static void
bar_set(struct function *f, unsigned index, uint32_t value, uint32_t mask)
{
    put32(f->bytes + PCI_BAR0 + 4 * index, value);
    put32(f->writable + PCI_BAR0 + 4 * index, mask);
}

static int
reset(void **state)
{
    (void)state;
    nr_functions = 0;
    accesses = 0;
    no_bridge = false;
    memset(&pic, 0, sizeof(pic));
    pic_init();
    memset(&pic, 0, sizeof(pic));
    return 0;
}

/* ---- scan ---- */

static struct pci_device seen[64];
static unsigned nr_seen;

static void
found(const struct pci_device *d)
{
    assert_true(nr_seen < ARRAY_SIZE(seen));
    for (unsigned i = 0; i < nr_seen; i++)
        assert_false(seen[i].bus == d->bus && seen[i].slot == d->slot &&
                     seen[i].function == d->function);
    seen[nr_seen++] = *d;
}

static void
scan_finds_each_function_once(void **state)
{
    (void)state;
    add(0, 0, 0, 0);
    add(0, 3, 0, 0x80); /* several functions */
    add(0, 3, 5, 0);
    add(0, 7, 0, 0);
    add(0, 7, 1, 0); /* not announced by function 0: an alias of it on real hardware */
    add(0, 9, 0, 1)->bytes[PCI_SECONDARY_BUS] = 4;
    add(4, 31, 0, 1)->bytes[PCI_SECONDARY_BUS] = 255;
    put32(add(255, 31, 0, 0)->bytes + PCI_SUBSYSTEM_VENDOR, 0x00041af4);
    nr_seen = 0;
    pci_scan(found);
    assert_int_equal(nr_seen, 7);
    assert_int_equal(seen[6].bus, 255);
    assert_int_equal(seen[6].vendor, 0x1af4);
    assert_int_equal(seen[6].device, 0x1005);
    assert_int_equal(seen[6].subsystem, 4);
    assert_int_equal(seen[6].interrupt_line, 11);
}

static void
scan_ends_when_bridges_lead_in_circles(void **state)
{
    (void)state;
    add(0, 1, 0, 1)->bytes[PCI_SECONDARY_BUS] = 0; /* not numbered */
    add(0, 2, 0, 1)->bytes[PCI_SECONDARY_BUS] = 5;
    add(5, 0, 0, 1)->bytes[PCI_SECONDARY_BUS] = 5;
    add(5, 1, 0, 1)->bytes[PCI_SECONDARY_BUS] = 0;
    add(5, 2, 0, 0);
    nr_seen = 0;
    pci_scan(found);
    assert_int_equal(nr_seen, 5);
}

static void
scan_finds_nothing_without_a_host_bridge(void **state)
{
    (void)state;
    add(0, 0, 0, 0);
    no_bridge = true;
    nr_seen = 0;
    pci_scan(found);
    assert_int_equal(nr_seen, 0);
    assert_false(pci_present());
}

/* ---- BARs ---- */

static void
bars_are_sized_and_put_back(void **state)
{
    static const struct {
        uint32_t value, mask;           /* low register */
        uint32_t high_value, high_mask; /* the next one */
        struct pci_bar bar;
    } cases[] = {
        {0xc041, 0xffffffe0, 0, 0, {.io = true, .base = 0xc040, .size = 0x20}},
        {0xc041, 0x0000ffe0, 0, 0, {.io = true, .base = 0xc040, .size = 0x20}},
        {0xfebf1000, 0xfffff000, 0, 0, {.base = 0xfebf1000, .size = 0x1000}},
        {0x80000008, 0x80000000, 0, 0, {.base = 0x80000000, .size = 0x80000000}},
        {0xfe00000c,
         0xffffc000,
         0,
         0xffffffff,
         {.wide = true, .base = 0xfe000000, .size = 0x4000}},
        {0x0000000c,
         0xffffc000,
         8,
         0xffffffff,
         {.wide = true, .base = 8ull << 32, .size = 0x4000}},
        {0x0000000c, 0, 6, 0xfffffffe, {.wide = true, .base = 6ull << 32, .size = 2ull << 32}},
        {0, 0, 0, 0, {0}},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        reset(NULL);
        struct function *f = add(0, 1, 0, 0), before;
        struct pci_device d = device_of(f);
        struct pci_bar bar;
        bar_set(f, 2, cases[i].value, cases[i].mask);
        bar_set(f, 3, cases[i].high_value, cases[i].high_mask);
        before = *f;
        assert_int_equal(pci_bar(&d, 2, &bar), 0);
        assert_int_equal(bar.io, cases[i].bar.io);
        assert_int_equal(bar.wide, cases[i].bar.wide);
        assert_true(bar.base == cases[i].bar.base);
        assert_true(bar.size == cases[i].bar.size);
        assert_memory_equal(&before, f, sizeof(before));
    }
}

static void
impossible_bars_are_refused(void **state)
{
    static const struct {
        unsigned index;
        uint32_t value, mask, high_value, high_mask;
    } cases[] = {
        {0, 0xfeb01000, 0xfff0f000, 0, 0},          /* a size with a hole in it */
        {0, 0x0000000c, 0xffff0000, 1, 0x0fffffff}, /* the same in the upper half */
        {0, 0x1000c041, 0xffffffe0, 0, 0},          /* a port beyond 65535 */
        {0, 0xc041, 0xffffff50, 0, 0},              /* ports with a hole */
        {5, 0xfe00000c, 0xffffc000, 0, 0},          /* no register left for its upper half */
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        reset(NULL);
        struct function *f = add(0, 1, 0, 0), before;
        struct pci_device d = device_of(f);
        struct pci_bar bar;
        bar_set(f, cases[i].index, cases[i].value, cases[i].mask);
        if (cases[i].high_mask)
            bar_set(f, cases[i].index + 1, cases[i].high_value, cases[i].high_mask);
        before = *f;
        assert_int_equal(pci_bar(&d, cases[i].index, &bar), -EINVAL);
        assert_true(bar.size == 0);
        assert_memory_equal(&before, f, sizeof(before));
    }
}

static void
bars_of_bridges_and_beyond_the_last_are_left_alone(void **state)
{
    struct pci_bar bar;

    (void)state;
    struct function *b = add(0, 1, 0, 1);
    struct pci_device bridge = device_of(b), device = device_of(add(0, 2, 0, 0));
    bar_set(b, 1, 0xfeb00004, 0xfffff000); /* of 64 bits, but bus numbers lie behind it */
    memset(b->writable + 0x18, 0xff, 4);
    assert_int_equal(pci_bar(&bridge, 1, &bar), -EINVAL);
    assert_int_equal(pci_bar(&bridge, 2, &bar), -EINVAL);
    assert_int_equal(pci_bar(&device, 6, &bar), -EINVAL);
}

/* ---- addresses where no firmware gave any ---- */

/* One function of a machine of 64 MiB that has no address yet, its BARs of every kind. */
static struct function *
add_unplaced(uint8_t bus, uint8_t slot)
{
    struct function *f = add(bus, slot, 0, 0);

    f->bytes[PCI_COMMAND] = 0;
    bar_set(f, 0, 1, 0xffffffe0);
    bar_set(f, 1, 0, 0xfffff000);
    bar_set(f, 4, 0xc, 0xffffc000);
    bar_set(f, 5, 0, 0xffffffff);
    return f;
}

static uint32_t
bar_of(const struct function *f, unsigned index)
{
    uint32_t value;

    memcpy(&value, f->bytes + PCI_BAR0 + 4 * index, sizeof(value));
    return value;
}

static int
reset_places(void **state)
{
    static const struct boot_range map[] = {
        {0, 0xa0000, BOOT_MEM_USABLE},
        {0x100000, 63 << 20, BOOT_MEM_USABLE},
        {0x100000000, 64 << 20, BOOT_MEM_USABLE},
        {0xfebfa000, 0x1000, BOOT_MEM_RESERVED},
        {0xfeffc000, 0x4000, BOOT_MEM_RESERVED},
    };

    memcpy(boot_info.ranges, map, sizeof(map));
    boot_info.nr_ranges = ARRAY_SIZE(map);
    pci_place_end();
    return reset(state);
}

static void
what_has_no_address_gets_one(void **state)
{
    (void)state;
    struct function *f = add_unplaced(0, 3), *g = add_unplaced(0, 4);
    struct pci_device first = device_of(f), second = device_of(g);
    assert_int_equal(pci_place(&first), 0);
    assert_int_equal(pci_place(&second), 0);
    assert_int_equal(bar_of(f, 0), 0xffe1);
    assert_int_equal(bar_of(f, 1), 0xfebff000);
    assert_int_equal(bar_of(f, 4), 0xfebf400c); /* not over what the map reserves */
    assert_int_equal(bar_of(f, 5), 0);
    assert_int_equal(bar_of(g, 0), 0xffc1);
    assert_int_equal(bar_of(g, 1), 0xfebfe000);
    assert_int_equal(bar_of(g, 4), 0xfebf000c);
    assert_int_equal(f->bytes[PCI_COMMAND] & 3, 0); /* whoever drives it switches it on */
}

/* Others' addresses, a bridge's windows, and configuration space of q35. */
static void
nothing_is_placed_over_others(void **state)
{
    (void)state;
    struct function *other = add(0, 1, 0, 0), *bridge = add(0, 2, 0, 1), *host = add(0, 0, 0, 0);
    struct function *f = add_unplaced(0, 3);
    struct pci_device d = device_of(f);
    bar_set(other, 0, 0xffe1, 0xffffffe0);
    bar_set(other, 2, 0xfebff000, 0xfffff000);
    bar_set(bridge, 0, 0xfebfe004, 0xffffff00);
    put32(bridge->bytes + 0x1c, 0x0000f1f1);  /* ports f000 to ffff */
    put32(bridge->bytes + 0x20, 0xfeb0fe80);  /* fe800000 to febfffff */
    put32(bridge->bytes + 0x24, 0xfe71fe01);  /* fe000000 to fe7fffff, of 64 bits */
    put32(host->bytes, 0x29c08086);
    put32(host->bytes + 0x60, 0xf0000001);    /* f0000000 to ffffffff */
    assert_int_equal(pci_place(&d), 0);
    assert_int_equal(bar_of(f, 0), 0xefe1);
    assert_int_equal(bar_of(f, 1), 0xeffff000);
    assert_int_equal(bar_of(f, 4), 0xefff800c);
}

static void
a_prefetchable_window_above_4g_takes_nothing_below(void **state)
{
    (void)state;
    struct function *bridge = add(0, 2, 0, 1), *f = add_unplaced(0, 3);
    struct pci_device d = device_of(f);
    put32(bridge->bytes + 0x20, 0x0000fff0); /* closed */
    put32(bridge->bytes + 0x24, 0xfff10001);
    put32(bridge->bytes + 0x28, 1);
    assert_int_equal(pci_place(&d), 0);
    assert_int_equal(bar_of(f, 1), 0xfebff000);
}

static void
an_address_that_is_there_is_kept(void **state)
{
    (void)state;
    struct function *f = add_unplaced(0, 3), *g = add_unplaced(0, 4), before;
    struct pci_device d = device_of(f), on = device_of(g);
    bar_set(f, 0, 0xb001, 0xffffffe0);
    bar_set(f, 4, 0x0000000c, 0xffffc000);
    bar_set(f, 5, 8, 0xffffffff);
    assert_int_equal(pci_place(&d), 0);
    assert_int_equal(bar_of(f, 0), 0xb001);
    assert_int_equal(bar_of(f, 1), 0xfebff000);
    assert_int_equal(bar_of(f, 5), 8);
    g->bytes[PCI_COMMAND] = PCI_COMMAND_MEMORY; /* firmware has been here */
    before = *g;
    assert_int_equal(pci_place(&on), 0);
    assert_memory_equal(&before, g, sizeof(before));
}

/* What does not fit is not placed over RAM, nor below the first port. */
static void
a_window_that_is_full_is_told(void **state)
{
    (void)state;
    struct function *f = add_unplaced(0, 3), *ports = add_unplaced(0, 4);
    struct pci_device d = device_of(f), p = device_of(ports);
    boot_info.ranges[1].size = 0xc0000000 - 0x100000;
    bar_set(f, 1, 0, 0xc0000000); /* 1 GiB where less is left */
    assert_int_equal(pci_place(&d), -ENOSPC);
    assert_int_equal(bar_of(f, 1), 0);
    bar_set(ports, 0, 1, 0xffffc000); /* all there are, but one is taken */
    assert_int_equal(pci_place(&p), -ENOSPC);
    bar_set(ports, 0, 1, 0xffff8000);
    assert_int_equal(pci_place(&p), -ENOSPC);
}

static void
a_function_that_cannot_be_placed_is_told(void **state)
{
    (void)state;
    struct function *behind = add_unplaced(2, 3), *stuck = add_unplaced(0, 3);
    struct pci_device d = device_of(behind), s = device_of(stuck);
    assert_int_equal(pci_place(&d), -ENOTSUP);
    assert_int_equal(bar_of(behind, 0), 1);
    memset(stuck->writable + PCI_BAR0, 0, 24);
    stuck->writable[PCI_BAR0 + 7] = 0xf0; /* what is written to it does not stay */
    stuck->forgetful = true;
    assert_int_equal(pci_place(&s), -ENOSPC);
}

/* ---- capabilities ---- */

static void
capabilities_are_found_in_order(void **state)
{
    (void)state;
    struct function *f = add(0, 1, 0, 0);
    struct pci_device d = device_of(f);
    f->bytes[PCI_CAPABILITIES] = 0x43; /* the low bits are reserved */
    memcpy(f->bytes + 0x40, "\x09\x80", 2);
    memcpy(f->bytes + 0x80, "\x11\xfd", 2);
    memcpy(f->bytes + 0xfc, "\x09\x00", 2);
    assert_int_equal(pci_capability(&d, 9, 0), 0); /* the status bit says: no list */
    f->bytes[PCI_STATUS] = 0x10;
    assert_int_equal(pci_capability(&d, 9, 0), 0x40);
    assert_int_equal(pci_capability(&d, 9, 0x40), 0xfc);
    assert_int_equal(pci_capability(&d, 9, 0xfc), 0);
    assert_int_equal(pci_capability(&d, 0x11, 0), 0x80);
    assert_int_equal(pci_capability(&d, 5, 0), 0);
}

static void
capability_walk_ends_on_any_bytes(void **state)
{
    (void)state;
    struct function *f = add(0, 1, 0, 0);
    struct pci_device d = device_of(f);
    srand(3);
    for (unsigned round = 0; round < 2000; round++) {
        for (unsigned i = 0; i < sizeof(f->bytes); i++)
            f->bytes[i] = (uint8_t)rand();
        f->bytes[PCI_STATUS] |= 0x10;
        accesses = 0;
        unsigned at = pci_capability(&d, 9, 0);
        assert_true(accesses <= 2 + PCI_CAPABILITIES_MAX);
        assert_true(at == 0 || (at >= 0x40 && at < 0x100 && f->bytes[at] == 9));
    }
    /* A ring. */
    f->bytes[PCI_CAPABILITIES] = 0x40;
    memcpy(f->bytes + 0x40, "\x05\x40", 2);
    assert_int_equal(pci_capability(&d, 9, 0), 0);
}

static void
enabling_sets_three_bits_and_no_more(void **state)
{
    (void)state;
    struct function *f = add(0, 1, 0, 0);
    struct pci_device d = device_of(f);
    put32(f->bytes + PCI_COMMAND, 0x00000100);
    f->writable[PCI_COMMAND] = f->writable[PCI_COMMAND + 1] = 0xff;
    pci_enable(&d);
    assert_int_equal(pci_read32(&d, PCI_COMMAND), 0x0107);
}

/* ---- interrupts ---- */

static unsigned handled, eoi_at_handler;

static void
handler(void *arg)
{
    (void)arg;
    handled++;
    eoi_at_handler = pic.eoi[0] + pic.eoi[1];
}

static void
real_interrupts_are_handled_then_ended(void **state)
{
    struct irq_action action = {.handler = handler};
    struct trap_frame frame = {0};

    (void)state;
    pic_init();
    assert_int_equal(pic.init[0] + pic.init[1], 2);
    assert_int_equal(pic.mask[0], 0xfb);
    assert_int_equal(pic.mask[1], 0xff);
    irq_attach(pic_line(11), &action);
    assert_int_equal(pic.mask[1], 0xf7);
    handled = 0;
    pic_interrupt(11, &frame);
    assert_int_equal(handled, 1);
    assert_int_equal(eoi_at_handler, 0);
    assert_int_equal(pic.eoi[0], 1);
    assert_int_equal(pic.eoi[1], 1);
    irq_detach(pic_line(11), &action);
    assert_int_equal(pic.mask[1], 0xff);
}

static void
spurious_interrupts_are_told_apart(void **state)
{
    struct irq_action action = {.handler = handler}, action15 = {.handler = handler};
    struct trap_frame frame = {0};

    (void)state;
    pic_init();
    irq_attach(pic_line(7), &action);
    irq_attach(pic_line(15), &action15);
    handled = 0;
    pic_interrupt(7, &frame);
    assert_int_equal(handled, 0);
    assert_int_equal(pic.eoi[0] + pic.eoi[1], 0);
    pic_interrupt(15, &frame);
    assert_int_equal(handled, 0);
    assert_int_equal(pic.eoi[0], 1); /* the cascade's, which was real */
    assert_int_equal(pic.eoi[1], 0);
    pic.isr[0] = pic.isr[1] = 0x80;
    pic_interrupt(7, &frame);
    pic_interrupt(15, &frame);
    assert_int_equal(handled, 2);
    pic_interrupt(31, &frame); /* no line of this controller */
    assert_int_equal(handled, 2);
    irq_detach(pic_line(7), &action);
    irq_detach(pic_line(15), &action15);
}

/* A machine without I/O APICs. */
struct irq_line *
lines_intx(unsigned irq)
{
    return pic_line(irq);
}

static void
lines_that_no_device_has_are_none(void **state)
{
    static const uint8_t none[] = {0, 2, 16, 255};

    (void)state;
    pic_init();
    for (unsigned i = 0; i < ARRAY_SIZE(none); i++) {
        struct pci_device d = {.interrupt_line = none[i]};
        assert_null(pci_irq(&d));
    }
    assert_string_equal(pic_line(11)->name, "irq 11");
}

/* Some machines have none: nothing is written to what might be there instead. */
static void
no_lines_without_a_controller(void **state)
{
    struct trap_frame frame = {0};

    (void)state;
    pic.absent = true;
    pic_init();
    assert_false(pic_present());
    assert_int_equal(pic.init[0] + pic.init[1], 0);
    assert_null(pic_line(11));
    pic_interrupt(11, &frame);
    assert_int_equal(pic.eoi[0] + pic.eoi[1], 0);
}

/* The interrupt router, its four routes as they are at reset, and a device that no firmware
 * gave an interrupt line. */
static struct function *
add_router(uint8_t routes)
{
    struct function *router = add(0, 1, 0, 0x80);

    put32(router->bytes, 0x70008086);
    memset(router->bytes + 0x60, routes, 4);
    memset(router->writable + 0x60, 0xff, 4);
    return router;
}

static struct pci_device
add_unrouted(uint8_t bus, uint8_t slot, uint8_t pin)
{
    struct function *f = add(bus, slot, 0, 0);

    f->bytes[PCI_INTERRUPT_LINE] = 0;
    f->bytes[PCI_INTERRUPT_PIN] = pin;
    return device_of(f);
}

static void
interrupts_are_routed_where_no_firmware_did(void **state)
{
    static const uint8_t unrouted[] = {0, 0x80}; /* v86's, and the data sheet's */

    for (unsigned i = 0; i < ARRAY_SIZE(unrouted); i++) {
        reset(state);
        pic_init();
        pic.level[0] = pic.level[1] = 0x20;
        struct function *router = add_router(unrouted[i]);
        struct pci_device net = add_unrouted(0, 10, 1), console = add_unrouted(0, 12, 1);
        assert_ptr_equal(pci_irq(&net), pic_line(10));
        assert_ptr_equal(pci_irq(&console), pic_line(11));
        const uint8_t expected[] = {unrouted[i], 10, unrouted[i], 11};
        assert_memory_equal(router->bytes + 0x60, expected, 4);
        assert_int_equal(pic.level[0], 0x20);
        assert_int_equal(pic.level[1], 0x20 | 0x04 | 0x08);
    }
}

static void
a_route_that_is_there_is_kept(void **state)
{
    (void)state;
    pic_init();
    struct function *router = add_router(9);
    struct pci_device d = add_unrouted(0, 10, 1);
    assert_ptr_equal(pci_irq(&d), pic_line(9));
    assert_int_equal(router->bytes[0x61], 9);
    assert_int_equal(pic.level[1], 0);
}

static void
what_the_router_does_not_reach_has_no_line(void **state)
{
    (void)state;
    pic_init();
    struct function *router = add_router(0x80);
    struct pci_device silent = add_unrouted(0, 10, 0), odd = add_unrouted(0, 11, 5);
    struct pci_device behind = add_unrouted(2, 10, 1), here = add_unrouted(0, 12, 1);
    assert_null(pci_irq(&silent));
    assert_null(pci_irq(&odd));
    assert_null(pci_irq(&behind));
    put32(router->bytes, 0x70018086); /* another router */
    assert_null(pci_irq(&here));
    assert_int_equal(router->bytes[0x63], 0x80);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(scan_finds_each_function_once, reset),
        cmocka_unit_test_setup(scan_ends_when_bridges_lead_in_circles, reset),
        cmocka_unit_test_setup(scan_finds_nothing_without_a_host_bridge, reset),
        cmocka_unit_test_setup(bars_are_sized_and_put_back, reset),
        cmocka_unit_test_setup(impossible_bars_are_refused, reset),
        cmocka_unit_test_setup(bars_of_bridges_and_beyond_the_last_are_left_alone, reset),
        cmocka_unit_test_setup(what_has_no_address_gets_one, reset_places),
        cmocka_unit_test_setup(nothing_is_placed_over_others, reset_places),
        cmocka_unit_test_setup(a_prefetchable_window_above_4g_takes_nothing_below, reset_places),
        cmocka_unit_test_setup(an_address_that_is_there_is_kept, reset_places),
        cmocka_unit_test_setup(a_window_that_is_full_is_told, reset_places),
        cmocka_unit_test_setup(a_function_that_cannot_be_placed_is_told, reset_places),
        cmocka_unit_test_setup(capabilities_are_found_in_order, reset),
        cmocka_unit_test_setup(capability_walk_ends_on_any_bytes, reset),
        cmocka_unit_test_setup(enabling_sets_three_bits_and_no_more, reset),
        cmocka_unit_test_setup(real_interrupts_are_handled_then_ended, reset),
        cmocka_unit_test_setup(spurious_interrupts_are_told_apart, reset),
        cmocka_unit_test_setup(lines_that_no_device_has_are_none, reset),
        cmocka_unit_test_setup(no_lines_without_a_controller, reset),
        cmocka_unit_test_setup(interrupts_are_routed_where_no_firmware_did, reset),
        cmocka_unit_test_setup(a_route_that_is_there_is_kept, reset),
        cmocka_unit_test_setup(what_the_router_does_not_reach_has_no_line, reset),
    };

    return cmocka_run_group_tests_name("pci", tests, NULL, NULL);
}
