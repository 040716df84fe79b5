/*
 * Interrupt controllers from firmware's table to a driver's handler: reading the MADT, honest
 * or hostile, and the local and I/O APICs over a model of their registers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "arch/x86/firmware/acpi.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/irq/ioapic.h"
#include "arch/x86/irq/lines.h"
#include "arch/x86/pc/pc.h"
#include "arch/x86/irq/pic.h"
#include "kernel/kernel.h"

#define APIC    0xfee00000u
#define IOAPIC0 0xfec00000u
#define IOAPIC1 0xfec10000u
#define PINS    24

/* ---- the machine ---- */

static struct {
    bool has_apic, off, x2apic, has_pic;
    uint32_t local[0x400 / 4];
    unsigned eois;
    struct {
        uint32_t select, version, entries[2 * PINS];
    } io[2];
} m;

void (*trap_interrupt)(unsigned n, struct trap_frame *frame);

struct cpuid
cpu_id(uint32_t leaf)
{
    return (struct cpuid){.edx = leaf == 1 && m.has_apic ? CPUID_1_EDX_APIC : 0};
}

uint64_t
cpu_msr(uint32_t msr)
{
    assert_true(m.has_apic); /* a CPU without it would fault */
    assert_int_equal(msr, MSR_APIC_BASE);
    return APIC | (m.off ? 0 : 1u << 11) | (m.x2apic ? 1u << 10 : 0);
}

uint32_t
model_port_read(uint16_t port, unsigned width)
{
    fail_msg("port %x read, %u", port, width);
    return 0;
}

void
model_port_write(uint16_t port, uint32_t value, unsigned width)
{
    fail_msg("port %x written with %x, %u", port, value, width);
}

static uint32_t *
io_register(uint64_t address)
{
    unsigned chip = address >= IOAPIC1, reg = m.io[chip].select;

    if ((address & 0xff) == 0)
        return &m.io[chip].select;
    assert_int_equal(address & 0xff, 0x10);
    if (reg == 1)
        return &m.io[chip].version;
    assert_in_range(reg, 0x10, 0x10 + 2 * PINS - 1);
    return &m.io[chip].entries[reg - 0x10];
}

uint32_t
model_memory_read(uint64_t address, unsigned width)
{
    assert_int_equal(width, 4);
    return address >= APIC ? m.local[(address - APIC) / 4] : *io_register(address);
}

void
model_memory_write(uint64_t address, uint32_t value, unsigned width)
{
    assert_int_equal(width, 4);
    m.eois += address == APIC + 0xb0;
    if (address >= APIC)
        m.local[(address - APIC) / 4] = value;
    else
        *io_register(address) = value;
}

/* The 8259s: there or not, and which line was asked for. */
static struct irq_line pic_lines[PIC_LINES];
static unsigned pic_taken;

void
pic_init(void)
{
}

struct irq_line *
pic_line(unsigned irq)
{
    return m.has_pic && irq < PIC_LINES ? &pic_lines[irq] : NULL;
}

void
pic_interrupt(unsigned irq, struct trap_frame *frame)
{
    (void)irq;
    (void)frame;
    pic_taken++;
}

/* ---- the table ---- */

/* Header, local APIC address and flags, then entries. */
struct table {
    uint8_t bytes[512];
    size_t len;
};

static void
add(struct table *t, const void *entry, size_t len)
{
    memcpy(t->bytes + t->len, entry, len);
    t->len += len;
}

static struct table
usual_table(void)
{
    struct table t = {.len = sizeof(struct acpi_table) + 8};
    static const uint8_t processor[] = {0, 8, 0, 0, 1, 0, 0, 0};
    static const uint8_t chip0[] = {1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0};
    static const uint8_t chip1[] = {1, 12, 0, 0, 0, 0, 0xc1, 0xfe, 24, 0, 0, 0};
    static const uint8_t timer[] = {2, 10, 0, 0, 2, 0, 0, 0, 0, 0};
    static const uint8_t irq9[] = {2, 10, 0, 9, 9, 0, 0, 0, 0x0d, 0};
    static const uint8_t irq7[] = {2, 10, 0, 7, 20, 0, 0, 0, 0x0f, 0};

    add(&t, processor, sizeof(processor));
    add(&t, chip0, sizeof(chip0));
    add(&t, timer, sizeof(timer));
    add(&t, irq9, sizeof(irq9));
    add(&t, irq7, sizeof(irq7));
    add(&t, chip1, sizeof(chip1));
    return t;
}

/* In memory of exactly its size, so that the sanitizer sees every byte read behind it. */
static struct madt
parse(const void *bytes, size_t len)
{
    void *copy = malloc(len ? len : 1);
    struct madt madt;

    memcpy(copy, bytes, len);
    madt_parse(copy, len, &madt);
    free(copy);
    return madt;
}

static void
table_is_read(void **state)
{
    (void)state;
    struct table t = usual_table();
    struct madt madt = parse(t.bytes, t.len);
    assert_int_equal(madt.nr_ioapics, 2);
    assert_int_equal(madt.ioapics[0].address, IOAPIC0);
    assert_int_equal(madt.ioapics[1].address, IOAPIC1);
    assert_int_equal(madt.ioapics[1].gsi_base, 24);
    assert_int_equal(madt.isa[0].gsi, 2);
    assert_true(madt.isa[9].level && !madt.isa[9].low && madt.isa[9].gsi == 9);
    assert_true(madt.isa[7].level && madt.isa[7].low && madt.isa[7].gsi == 20);
    assert_true(!madt.isa[4].level && !madt.isa[4].low && madt.isa[4].gsi == 4);
    assert_true(madt.isa[9].overridden && !madt.isa[4].overridden);
}

static void
impossible_entries_are_left_out(void **state)
{
    static const uint8_t strange[][12] = {
        {1, 11, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0}, /* too short */
        {1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},    /* nowhere */
        {2, 9, 0, 5, 5, 0, 0, 0, 0xf},            /* too short */
        {2, 10, 1, 5, 6, 0, 0, 0, 0xf, 0},        /* another bus */
        {2, 10, 0, 16, 6, 0, 0, 0, 0xf, 0},       /* no ISA interrupt */
        {77, 3, 0},
    };
    struct table t = {.len = sizeof(struct acpi_table) + 8};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(strange); i++)
        add(&t, strange[i], strange[i][1]);
    struct madt madt = parse(t.bytes, t.len), plain;
    madt_default(&plain);
    assert_memory_equal(&madt, &plain, sizeof(madt));
    /* What is behind an entry without an end is not read; before it all is. */
    struct table cut = usual_table();
    size_t whole = cut.len;
    cut.bytes[whole - 12 + 1] = 13;
    assert_int_equal(parse(cut.bytes, whole).nr_ioapics, 1);
    cut.bytes[whole - 12 + 1] = 0;
    assert_int_equal(parse(cut.bytes, whole).nr_ioapics, 1);
    /* More chips than anybody has. */
    struct table many = {.len = sizeof(struct acpi_table) + 8};
    for (unsigned i = 0; i < 30; i++)
        add(&many, (const uint8_t[]){1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0}, 12);
    assert_int_equal(parse(many.bytes, many.len).nr_ioapics, MADT_IOAPICS_MAX);
}

static void
any_bytes_are_a_table(void **state)
{
    (void)state;
    srand(5);
    for (unsigned round = 0; round < 50000; round++) {
        struct table t = usual_table();
        for (unsigned i = 0; i < 1 + round % 8; i++)
            t.bytes[44 + (unsigned)rand() % (t.len - 44)] = (uint8_t)rand();
        struct madt madt = parse(t.bytes, (size_t)rand() % (t.len + 1));
        assert_true(madt.nr_ioapics <= MADT_IOAPICS_MAX);
    }
}

/* ---- the controllers ---- */

/* Nothing of an earlier test's lines is left, but their numbers stay taken. */
static void
start(void)
{
    struct table t = usual_table();
    struct madt madt = parse(t.bytes, t.len);

    m = (typeof(m)){.has_apic = true, .has_pic = true};
    for (unsigned chip = 0; chip < 2; chip++) {
        m.io[chip].version = (PINS - 1) << 16 | 0x20;
        for (unsigned pin = 0; pin < PINS; pin++)
            m.io[chip].entries[2 * pin] = 0x10000;
    }
    m.io[0].entries[0] = 0x00700;     /* firmware passes the 8259s through */
    m.io[0].entries[2 * 5] = 0x00031; /* and left a pin that speaks */
    m.local[0x20 / 4] = 3u << 24;
    lines_init(&madt);
}

static unsigned handled;

static void
handler(void *arg)
{
    (void)arg;
    handled++;
    assert_int_equal(m.eois, 0); /* only afterwards: the line may still be up */
}

static void
lines_lead_from_pin_to_handler(void **state)
{
    static const struct {
        unsigned gsi;
        bool level;
        uint32_t mode; /* trigger and polarity in the entry */
    } cases[] = {
        {3, false, 0},       {16, true, 0x8000}, {9, false, 0x8000},
        {20, false, 0xa000}, {24, false, 0},     {47, true, 0x8000},
    };
    struct trap_frame frame = {0};

    (void)state;
    start();
    assert_int_equal(m.io[0].entries[0], 0x00700);
    assert_int_equal(m.io[0].entries[2 * 5], 0x10031);
    assert_int_equal(m.local[0xf0 / 4] & 0x10f, 0x10f);
    assert_int_equal(m.local[0x350 / 4], 0x700);
    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        struct irq_action action = {.handler = handler};
        struct irq_line *line = pc_gsi_line(cases[i].gsi, cases[i].level);
        const uint32_t *entry = &m.io[cases[i].gsi / PINS].entries[2 * (cases[i].gsi % PINS)];
        assert_non_null(line);
        assert_ptr_equal(pc_gsi_line(cases[i].gsi, !cases[i].level), line);
        assert_int_equal(entry[0] & 0x10000, 0x10000);
        assert_int_equal(entry[0] & 0xa000, cases[i].mode);
        assert_int_equal(entry[1], 3u << 24);
        irq_attach(line, &action);
        assert_int_equal(entry[0] & 0x10700, 0);
        handled = m.eois = 0;
        assert_in_range(entry[0] & 0xff, 48, 125);
        trap_interrupt((entry[0] & 0xff) - 32, &frame);
        assert_int_equal(handled, 1);
        assert_int_equal(m.eois, 1);
        irq_detach(line, &action);
        assert_int_equal(entry[0] & 0x10000, 0x10000);
    }
    assert_ptr_equal(lines_isa(7), pc_gsi_line(20, false));
    assert_ptr_equal(lines_sci(9), pc_gsi_line(9, false));
    /* PCI's wires are the 8259s'. Only without them do they end at the I/O APIC, where the table
     * calls the ISA interrupt level-triggered: beside them that may be ACPI's own alone. */
    assert_ptr_equal(lines_intx(9), &pic_lines[9]);
    assert_ptr_equal(lines_intx(11), &pic_lines[11]);
    assert_null(lines_intx(255));
    m.has_pic = false;
    assert_ptr_equal(lines_intx(9), pc_gsi_line(9, true));
    assert_ptr_equal(lines_intx(7), pc_gsi_line(20, true));
    assert_null(lines_intx(11));
    assert_null(lines_intx(255));
}

static void
timer_and_missing_pins_are_no_lines(void **state)
{
    static const unsigned none[] = {2, 48, 1000, UINT32_MAX};

    (void)state;
    start();
    for (unsigned i = 0; i < ARRAY_SIZE(none); i++)
        assert_null(pc_gsi_line(none[i], false));
    assert_null(lines_isa(0));
    assert_null(lines_isa(16));
}

static void
strange_interrupts_do_no_harm(void **state)
{
    struct trap_frame frame = {0};

    (void)state;
    start();
    pic_taken = 0;
    trap_interrupt(5, &frame);
    assert_int_equal(pic_taken, 1);
    assert_int_equal(m.eois, 0);
    trap_interrupt(90, &frame); /* a number that nobody has */
    assert_int_equal(m.eois, 1);
    trap_interrupt(95, &frame); /* spurious: not in service, so there is nothing to end */
    assert_int_equal(m.eois, 1);
}

/* What firmware switched on keeps its own way of passing the 8259s through. */
static void
firmware_choice_is_kept(void **state)
{
    (void)state;
    start();
    m.local[0xf0 / 4] = 0x1ff;
    m.local[0x350 / 4] = 0x10000;
    assert_int_equal(apic_init(), 0);
    assert_int_equal(m.local[0x350 / 4], 0x10000);
}

static void
numbers_run_out_in_order(void **state)
{
    static struct irq_line lines[100];
    unsigned n = 0;

    (void)state;
    start();
    while (n < ARRAY_SIZE(lines) && apic_claim(&lines[n]) >= 0)
        n++;
    assert_in_range(n, 40, 78);
    assert_int_equal(apic_claim(&lines[n]), -ENOSPC);
    assert_null(pc_gsi_line(11, true));
}

/* Runs before the others: APICs that were found stay. */
static void
without_apics_lines_are_the_8259s(void **state)
{
    struct madt madt;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        m = (typeof(m)){.has_pic = true, .has_apic = i > 0, .off = i == 1, .x2apic = i == 2};
        madt_default(&madt);
        lines_init(&madt);
        assert_false(apic_present());
        assert_int_equal(apic_claim(pic_lines), -ENODEV);
        assert_ptr_equal(pc_gsi_line(11, true), &pic_lines[11]);
        assert_ptr_equal(lines_isa(4), &pic_lines[4]);
        assert_ptr_equal(lines_intx(9), &pic_lines[9]);
        assert_ptr_equal(lines_sci(9), &pic_lines[9]);
        assert_null(pc_gsi_line(16, true));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_read),
        cmocka_unit_test(impossible_entries_are_left_out),
        cmocka_unit_test(any_bytes_are_a_table),
        cmocka_unit_test(without_apics_lines_are_the_8259s),
        cmocka_unit_test(lines_lead_from_pin_to_handler),
        cmocka_unit_test(timer_and_missing_pins_are_no_lines),
        cmocka_unit_test(strange_interrupts_do_no_harm),
        cmocka_unit_test(firmware_choice_is_kept),
        cmocka_unit_test(numbers_run_out_in_order),
    };

    return cmocka_run_group_tests_name("apic", tests, NULL, NULL);
}
