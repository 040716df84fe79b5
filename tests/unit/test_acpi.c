/*
 * ACPI's tables in memory that the test lays out below 4 GiB: the way from the root pointer to
 * a table, honest or hostile, and what power.c does with the FADT, over models of its
 * registers.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>
#include "arch/x86/firmware/acpi.h"
#include "arch/x86/firmware/aml.h"
#include "arch/x86/irq/lines.h"
#include "arch/x86/pc/pc.h"
#include "arch/x86/firmware/power.h"
#include "kernel/boot_info.h"
#include "kernel/kernel.h"
#include "kernel/thread.h"

/* The page that the firmware's tables lie in, and where in it each does. */
#define AREA (64u << 10)
#define ROOT 0
#define RSDT 0x100
#define XSDT 0x200
#define FADT 0x400
#define MADT 0x800
#define DSDT 0x1000
#define SSDT 0x2000 /* the first of two, the other one a page behind */

#define PM1_EVENT   0x600
#define PM1_CONTROL 0x604
#define SMI         0xb2

struct boot_info boot_info;
static uint8_t *area;

/* ---- the registers behind the FADT ---- */

static struct {
    uint16_t status, enable, control;
    unsigned sci_enables; /* commands to the SMI port */
    uint64_t address;     /* last device memory written, with what */
    uint32_t value;
    uint16_t port; /* last port written that is none of the above */
    uint32_t events;
} m;

uint32_t
model_port_read(uint16_t port, unsigned width)
{
    if (port == 0x80)
        return 0xff;
    assert_int_equal(width, 2);
    return port == PM1_EVENT ? m.status : port == PM1_EVENT + 2 ? m.enable : m.control;
}

void
model_port_write(uint16_t port, uint32_t value, unsigned width)
{
    (void)width;
    if (port == PM1_EVENT) {
        m.status &= (uint16_t)~value;
    } else if (port == PM1_EVENT + 2) {
        m.enable = (uint16_t)value;
    } else if (port == PM1_CONTROL) {
        m.control = (uint16_t)value;
    } else if (port == SMI) {
        assert_int_equal(value, 0x77);
        m.sci_enables++;
        m.control |= 1;
    } else {
        m.port = port;
        m.value = value;
    }
}

uint32_t
model_memory_read(uint64_t address, unsigned width)
{
    (void)address;
    assert_int_equal(width, 4);
    uint32_t events = m.events;
    m.events = 0; /* reading clears */
    return events;
}

void
model_memory_write(uint64_t address, uint32_t value, unsigned width)
{
    assert_int_equal(width, 1);
    m.address = address;
    m.value = value;
}

/* ---- interrupts and the end of the program ---- */

static bool line_masked;
static unsigned line_number, ends_asked;

static void
mask(struct irq_line *line, bool on)
{
    (void)line;
    line_masked = on;
}

static struct irq_line line = {.name = "line", .mask = mask};

struct irq_line *
lines_sci(unsigned irq)
{
    line_number = irq;
    return &line;
}

struct irq_line *
pc_gsi_line(unsigned gsi, bool level)
{
    (void)level;
    line_number = gsi;
    return &line;
}

void
kernel_ask_end(void)
{
    ends_asked++;
}

/* ---- laying out ---- */

static void
sum(unsigned at, size_t len, unsigned sum_at)
{
    uint8_t total = 0;

    area[at + sum_at] = 0;
    for (size_t i = 0; i < len; i++)
        total = (uint8_t)(total + area[at + i]);
    area[at + sum_at] = (uint8_t)-total;
}

static void
seal(unsigned at, const char *signature, uint32_t length)
{
    memcpy(area + at, signature, 4);
    memcpy(area + at + 4, &length, 4);
    sum(at, length, 9);
}

static uint32_t
address_of(unsigned at)
{
    return (uint32_t)(uintptr_t)area + at;
}

static struct acpi_fadt *
fadt(void)
{
    return (struct acpi_fadt *)(area + FADT);
}

/* `revision` of the root: with 2 the list is an XSDT. The DSDT has 16 bytes of AML. */
static void
lay_out(unsigned revision)
{
    const uint32_t tables[] = {address_of(MADT), address_of(FADT)};
    static const char s5[] = "\x08_S5_\x12\x06\x04\x0a\x05\x0a\x06";

    memset(area, 0, AREA);
    memset(&m, 0, sizeof(m));
    memcpy(area, "RSD PTR ", 8);
    area[15] = (uint8_t)revision;
    uint32_t rsdt = address_of(RSDT), whole = 36;
    uint64_t xsdt = address_of(XSDT);
    memcpy(area + 16, &rsdt, 4);
    if (revision >= 2) {
        memcpy(area + 20, &whole, 4);
        memcpy(area + 24, &xsdt, 8);
    }
    sum(ROOT, 20, 8);
    if (revision >= 2)
        sum(ROOT, 36, 32);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t wide = tables[i];
        memcpy(area + RSDT + 36 + 4 * i, &tables[i], 4);
        memcpy(area + XSDT + 36 + 8 * i, &wide, 8);
    }
    seal(RSDT, "RSDT", 36 + 8);
    seal(XSDT, "XSDT", 36 + 16);
    if (revision >= 2)
        area[RSDT] = 0; /* only the wide one */
    seal(MADT, "APIC", 44);
    memcpy(area + DSDT + 36, s5, sizeof(s5));
    seal(DSDT, "DSDT", 36 + 16);
    fadt()->dsdt = address_of(DSDT);
    boot_info.rsdp = (uintptr_t)area;
}

static void
fixed_hardware(void)
{
    struct acpi_fadt *f = fadt();

    f->sci = 9;
    f->smi_command = SMI;
    f->acpi_enable = 0x77;
    f->pm1a_event = PM1_EVENT;
    f->pm1a_control = PM1_CONTROL;
    f->pm1_event_len = 4;
    seal(FADT, "FACP", 116);
}

/* What acpi_aml begins with. */
static const uint8_t *
first_aml(size_t *len)
{
    unsigned at = 0;

    return acpi_aml(&at, len);
}

/* Two SSDTs of one byte at the end of both lists. */
static void
add_ssdts(void)
{
    for (unsigned i = 0; i < 2; i++) {
        uint32_t at = address_of(SSDT + 0x1000 * i);
        uint64_t wide = at;
        memcpy(area + RSDT + 44 + 4 * i, &at, 4);
        memcpy(area + XSDT + 52 + 8 * i, &wide, 8);
        seal(SSDT + 0x1000 * i, "SSDT", 37);
    }
    bool is_wide = area[RSDT] == 0;
    seal(is_wide ? XSDT : RSDT, is_wide ? "XSDT" : "RSDT", is_wide ? 36 + 32 : 36 + 16);
}

/* On a multiple of its size, with as much before and twice as much behind it, so that an
 * address or a length whose lower half is noise stays in the test's memory. */
static int
map_area(void **state)
{
    (void)state;
    uint8_t *all = mmap(NULL, 5 * AREA, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (all == MAP_FAILED)
        return -1;
    area = (uint8_t *)(((uintptr_t)all + 2 * AREA - 1) & ~(uintptr_t)(AREA - 1));
    return 0;
}

/* ---- tables ---- */

static void
tables_are_found_by_either_list(void **state)
{
    (void)state;
    for (unsigned revision = 0; revision <= 2; revision += 2) {
        lay_out(revision);
        fixed_hardware();
        acpi_init();
        assert_ptr_equal(acpi_find("FACP", ACPI_FADT_MIN), area + FADT);
        assert_ptr_equal(acpi_find("APIC", 44), area + MADT);
        assert_null(acpi_find("APIC", 45));
        assert_null(acpi_find("HPET", 36));
        size_t len = 0;
        unsigned at = 0;
        assert_ptr_equal(acpi_aml(&at, &len), area + DSDT + 36);
        assert_int_equal(len, 16);
        assert_null(acpi_aml(&at, &len));
    }
}

/* The SSDTs follow the DSDT; one that is damaged, or longer than any table, is passed over. */
static void
secondary_tables_follow(void **state)
{
    static const uint32_t wrong[] = {0, 35, 0x100001, UINT32_MAX, 38 /* another sum */};
    size_t len;

    (void)state;
    for (unsigned revision = 0; revision <= 2; revision += 2) {
        for (unsigned i = 0; i <= ARRAY_SIZE(wrong); i++) {
            lay_out(revision);
            fixed_hardware();
            add_ssdts();
            bool all = i == ARRAY_SIZE(wrong);
            if (!all)
                memcpy(area + SSDT + 4, &wrong[i], 4);
            area[SSDT + 37] = 1; /* of no table */
            acpi_init();
            unsigned at = 0;
            assert_ptr_equal(acpi_aml(&at, &len), area + DSDT + 36);
            if (all)
                assert_ptr_equal(acpi_aml(&at, &len), area + SSDT + 36);
            assert_ptr_equal(acpi_aml(&at, &len), area + SSDT + 0x1000 + 36);
            assert_int_equal(len, 1);
            assert_null(acpi_aml(&at, &len));
        }
    }
    /* Without a DSDT too. */
    lay_out(0);
    add_ssdts();
    acpi_init();
    assert_ptr_equal(first_aml(&len), area + SSDT + 36);
}

static void
dsdt_is_found_by_its_64_bit_address(void **state)
{
    size_t len;

    (void)state;
    lay_out(2);
    fadt()->dsdt = 0;
    fadt()->wide_dsdt = address_of(DSDT);
    seal(FADT, "FACP", 268);
    acpi_init();
    assert_non_null(first_aml(&len));
    fadt()->wide_dsdt |= 1ull << 32; /* beyond reach */
    seal(FADT, "FACP", 268);
    acpi_init();
    assert_null(first_aml(&len));
}

static void
damaged_tables_are_none(void **state)
{
    static const unsigned places[] = {ROOT + 3, RSDT + 1, RSDT + 30, FADT + 2, FADT + 60};
    static const uint32_t lengths[] = {0, 35, 75, 0x100001, UINT32_MAX};
    size_t len;

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
        lay_out(0);
        fixed_hardware();
        area[places[i]] ^= 0x40;
        acpi_init();
        assert_null(acpi_find("FACP", ACPI_FADT_MIN));
        assert_null(first_aml(&len));
    }
    for (unsigned i = 0; i < ARRAY_SIZE(lengths); i++) {
        lay_out(0);
        fixed_hardware();
        memcpy(area + FADT + 4, &lengths[i], 4);
        acpi_init();
        assert_null(acpi_find("FACP", ACPI_FADT_MIN));
    }
    lay_out(0);
    fixed_hardware();
    area[DSDT + 40] ^= 1;
    acpi_init();
    assert_null(first_aml(&len));
}

/* Lists and tables full of noise lead nowhere that is not checked. */
static void
any_bytes_are_tables(void **state)
{
    (void)state;
    srand(9);
    for (unsigned round = 0; round < 3000; round++) {
        lay_out(round % 2 ? 2 : 0);
        fixed_hardware();
        for (unsigned i = 0; i < 4; i++) {
            /* Not the upper bytes of an address, which would leave the test's memory. */
            unsigned at = RSDT + (unsigned)rand() % 0xf00;
            if (at < MADT && (at % 4 > 1))
                continue;
            area[at] = (uint8_t)rand();
        }
        uint32_t list = 36 + 4 * (1 + (uint32_t)rand() % 4);
        seal(round % 2 ? XSDT : RSDT, round % 2 ? "XSDT" : "RSDT", list);
        for (unsigned i = 44; i < list; i += 4) /* entries that were not laid out */
            memset(area + (round % 2 ? XSDT : RSDT) + i, 0, 4);
        acpi_init();
        power_init();
        const struct acpi_fadt *f = acpi_find("FACP", ACPI_FADT_MIN);
        assert_true(!f || f == fadt());
    }
}

/* ---- power ---- */

static void
pc_is_switched_off(void **state)
{
    (void)state;
    lay_out(0);
    fixed_hardware();
    acpi_init();
    power_init();
    power_off();
    assert_int_equal(m.sci_enables, 1);
    assert_int_equal(m.control, 5 << 10 | 1 << 13);
    /* The package is in an SSDT instead. */
    add_ssdts();
    memcpy(area + SSDT + 36, area + DSDT + 36, 16);
    area[DSDT + 40] ^= 0x20;
    seal(DSDT, "DSDT", 36 + 16);
    seal(SSDT, "SSDT", 36 + 16);
    acpi_init();
    m.control = 0;
    power_off();
    assert_int_equal(m.control & ~1, 5 << 10 | 1 << 13);
    /* It was in ACPI mode already. */
    m.sci_enables = 0;
    m.control = 1;
    power_off();
    assert_int_equal(m.sci_enables, 0);
}

static void
reduced_hardware_is_switched_off_and_reset(void **state)
{
    (void)state;
    lay_out(2);
    struct acpi_fadt *f = fadt();
    f->flags = ACPI_FADT_REDUCED | ACPI_FADT_RESET;
    f->sleep_control = (struct acpi_address){.bits = 8, .address = 0xfea00200};
    f->reset = (struct acpi_address){.bits = 8, .address = 0xfea00202};
    f->reset_value = 0x42;
    seal(FADT, "FACP", 268);
    acpi_init();
    power_init();
    power_off();
    assert_true(m.address == 0xfea00200);
    assert_int_equal(m.value, 5 << 2 | 1 << 5);
    power_reset();
    assert_true(m.address == 0xfea00202);
    assert_int_equal(m.value, 0x42);
    f->reset = (struct acpi_address){.space = ACPI_SPACE_IO, .bits = 8, .address = 0xcf9};
    seal(FADT, "FACP", 268);
    power_init();
    power_reset();
    assert_int_equal(m.port, 0xcf9);
    /* Out of reach, or in a space that is not ours: nothing is touched. */
    m.port = 0;
    m.address = 0;
    f->reset = (struct acpi_address){.space = ACPI_SPACE_IO, .address = 0x10cf9};
    seal(FADT, "FACP", 268);
    power_init();
    power_reset();
    f->reset = (struct acpi_address){.space = 2, .address = 0xcf9};
    seal(FADT, "FACP", 268);
    power_init();
    power_reset();
    assert_int_equal(m.port, 0);
    assert_true(m.address == 0);
}

static void
button_asks_once_and_noise_ends(void **state)
{
    (void)state;
    lay_out(0);
    fixed_hardware();
    acpi_init();
    m.status = 0x0100; /* switched on by it */
    power_init();
    assert_int_equal(m.status, 0);
    ends_asked = 0;
    line = (struct irq_line){.name = "line", .mask = mask};
    line_masked = true;
    assert_int_equal(m.enable, 0x0100);
    m.status = 0x0100; /* pressed before anybody listened */
    assert_true(power_idle());
    assert_false(power_idle());
    defer_run();
    assert_int_equal(m.status, 0);
    assert_int_equal(ends_asked, 1);
    ends_asked = 0;
    assert_int_equal(line_number, 9);
    assert_false(line_masked);
    irq_dispatch(&line);
    assert_int_equal(ends_asked, 0);
    m.status = 0x0101;
    irq_dispatch(&line);
    assert_int_equal(ends_asked, 1);
    assert_int_equal(m.status, 0x0001); /* the other one is not ours to clear */
    for (unsigned i = 0; i < 2000 && !line_masked; i++)
        irq_dispatch(&line);
    assert_true(line_masked);
    /* A button that is not there. */
    fadt()->flags = ACPI_FADT_BUTTON;
    seal(FADT, "FACP", 116);
    m.enable = 0;
    power_init();
    assert_false(power_idle());
    assert_int_equal(m.enable, 0);
}

/* With reduced hardware the button is an event of a device that the DSDT describes. */
static void
event_device_has_a_button(void **state)
{
    static const uint8_t device[] = {
        0x5b, 0x82, 0x36, 'G',  'E', 'D', '_', 0x08, '_',  'H', 'I',  'D',  0x0d, 'A',
        'C',  'P',  'I',  '0',  '0', '1', '3', 0,    0x08, '_', 'C',  'R',  'S',  0x11,
        0x0e, 0x0a, 0x0b, 0x89, 6,   0,   3,   1,    9,    0,   0,    0,    0x79, 0,
        0x5b, 0x80, 'E',  'R',  'E', 'G', 0,   0x0c, 0,    0,   0xa0, 0xfe, 0x0a, 4,
    };

    (void)state;
    lay_out(2);
    memcpy(area + DSDT + 36, device, sizeof(device));
    seal(DSDT, "DSDT", 36 + sizeof(device));
    fadt()->flags = ACPI_FADT_REDUCED;
    fadt()->sleep_control = (struct acpi_address){.bits = 8, .address = 0xfea00200};
    seal(FADT, "FACP", 268);
    acpi_init();
    power_init();
    line = (struct irq_line){.name = "line", .mask = mask};
    line_masked = true;
    line_number = 0;
    ends_asked = 0;
    m.events = 2; /* before anybody listened */
    assert_true(power_idle());
    defer_run();
    assert_int_equal(ends_asked, 1);
    assert_int_equal(line_number, 9);
    assert_false(line_masked);
    m.events = 1; /* another event */
    irq_dispatch(&line);
    assert_int_equal(ends_asked, 1);
    m.events = 2;
    irq_dispatch(&line);
    assert_int_equal(ends_asked, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_found_by_either_list),
        cmocka_unit_test(secondary_tables_follow),
        cmocka_unit_test(dsdt_is_found_by_its_64_bit_address),
        cmocka_unit_test(damaged_tables_are_none),
        cmocka_unit_test(reduced_hardware_is_switched_off_and_reset),
        cmocka_unit_test(event_device_has_a_button),
        cmocka_unit_test(pc_is_switched_off),
        cmocka_unit_test(button_asks_once_and_noise_ends),
        cmocka_unit_test(any_bytes_are_tables),
    };

    return cmocka_run_group_tests_name("acpi", tests, map_area, NULL);
}
