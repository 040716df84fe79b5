/*
 * ACPI's ways to switch a machine off and to reset it: registers that the FADT names, of which
 * there are two kinds. A PC has the fixed hardware (4.8), in ports; a machine with reduced
 * hardware (4.1, QEMU's microvm is one) a sleep control register instead, anywhere.
 */
#include "arch/x86/power.h"
#include "arch/x86/acpi.h"
#include "arch/x86/aml.h"
#include "arch/x86/io.h"
#include "kernel/kernel.h"

/* PM1 control (4.8.3.2.1). */
#define PM1_SCI_ENABLED 0x0001
#define PM1_SLEEP_TYPE  10
#define PM1_SLEEP       (1u << 13)

/* Sleep control (4.8.3.7). */
#define SLEEP_TYPE 2
#define SLEEP      (1u << 5)

#define ENABLE_POLLS 1000000
#define OFF_POLLS    1000000

/* What was taken; ports are 0 where there are none. */
static uint16_t smi_command, pm1a_control, pm1b_control;
static uint8_t acpi_enable, reset_value;
static struct acpi_address reset, sleep_control; /* address 0: none */

static uint16_t
port_of(uint32_t value)
{
    return value <= UINT16_MAX ? (uint16_t)value : 0;
}

void
power_init(void)
{
    const struct acpi_fadt *f = acpi_find("FACP", ACPI_FADT_LEAST);

    if (!f)
        return;
    uint32_t flags = ACPI_FADT_HAS(f, flags) ? f->flags : 0;
    if (flags & ACPI_FADT_RESET && ACPI_FADT_HAS(f, reset_value)) {
        reset = f->reset;
        reset_value = f->reset_value;
    }
    if (flags & ACPI_FADT_REDUCED) {
        if (ACPI_FADT_HAS(f, sleep_control))
            sleep_control = f->sleep_control;
        return;
    }
    smi_command = port_of(f->smi_command);
    acpi_enable = f->acpi_enable;
    pm1a_control = port_of(f->pm1a_control);
    pm1b_control = port_of(f->pm1b_control);
}

/* A register of 8 bits, wherever it is. */
static void
write_address(const struct acpi_address *a, uint8_t value)
{
    if (a->space == ACPI_SPACE_IO && a->address <= UINT16_MAX)
        io_out8((uint16_t)a->address, value);
    else if (a->space == ACPI_SPACE_MEMORY && a->address <= UINT32_MAX)
        mmio_write8((volatile void *)(uintptr_t)a->address, value);
}

/* ACPI mode, where the firmware left the machine in legacy mode (4.8.2.5). */
static void
enable(void)
{
    if (!smi_command || !acpi_enable || (io_in16(pm1a_control) & PM1_SCI_ENABLED))
        return;
    io_out8(smi_command, acpi_enable);
    for (unsigned i = 0; i < ENABLE_POLLS; i++)
        if (io_in16(pm1a_control) & PM1_SCI_ENABLED)
            return;
}

static void
sleep_fixed(const uint8_t types[2])
{
    enable();
    io_out16(pm1a_control, (uint16_t)(types[0] << PM1_SLEEP_TYPE | PM1_SLEEP));
    if (pm1b_control)
        io_out16(pm1b_control, (uint16_t)(types[1] << PM1_SLEEP_TYPE | PM1_SLEEP));
    for (unsigned i = 0; i < OFF_POLLS; i++)
        io_in16(pm1a_control); /* a real machine takes its time */
}

void
power_off(void)
{
    uint8_t types[2];
    size_t len;
    const uint8_t *aml = acpi_dsdt(&len);

    if (!aml || aml_find_s5(aml, len, types))
        return;
    if (pm1a_control)
        sleep_fixed(types);
    else if (sleep_control.address)
        write_address(&sleep_control, (uint8_t)(types[0] << SLEEP_TYPE | SLEEP));
}

void
power_reset(void)
{
    if (reset.address)
        write_address(&reset, reset_value);
}
