/*
 * ACPI's ways to switch a machine off and to reset it: registers that the FADT names, of which
 * there are two kinds. A PC has the fixed hardware (4.8), in ports; a machine with reduced
 * hardware (4.1, QEMU's microvm is one) a sleep control register instead, anywhere.
 */
#include "arch/x86/firmware/power.h"
#include "arch/x86/firmware/acpi.h"
#include "arch/x86/firmware/aml.h"
#include "arch/x86/cpu/io.h"
#include "arch/x86/irq/lines.h"
#include "arch/x86/pc/pc.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/thread.h"

/* PM1 control (4.8.3.2.1). */
#define PM1_SCI_ENABLED 0x0001
#define PM1_SLEEP_TYPE  10
#define PM1_SLEEP       (1u << 13)

/* PM1 event: status, then in the other half of the block what may interrupt (4.8.3.1). */
#define PM1_POWER_BUTTON (1u << 8)
#define PM1_EVENT_MIN    4

/* Interrupts that are about something else, after which nobody listens any more: whoever raises
 * them is not served here and would do so for ever. */
#define STRANGE_MAX 1000

/* The generic event device (5.6.9), and the register of QEMU's (its documentation,
 * docs/specs/acpi_hw_reduced_hotplug.rst). */
#define EVENT_DEVICE     "ACPI0013"
#define EVENT_POWER_DOWN (1u << 1)

/* Sleep control (4.8.3.7). */
#define SLEEP_TYPE 2
#define SLEEP      (1u << 5)

#define ENABLE_POLLS 1000000
#define OFF_POLLS    1000000
#define DELAY_PORT   0x80 /* the BIOS's progress codes: any access takes a while */

/* What was taken; ports are 0 where there are none. */
static uint16_t smi_command, pm1a_control, pm1b_control;
static uint16_t button_status, sci;
static bool unwatched; /* there is a button, and nobody listens yet */
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
    const struct acpi_fadt *f = acpi_find("FACP", ACPI_FADT_MIN);

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
        unwatched = sleep_control.address != 0;
        return;
    }
    smi_command = port_of(f->smi_command);
    acpi_enable = f->acpi_enable;
    pm1a_control = port_of(f->pm1a_control);
    pm1b_control = port_of(f->pm1b_control);
    sci = f->sci;
    button_status = flags & ACPI_FADT_BUTTON ? 0 : port_of(f->pm1a_event);
    if (!ACPI_FADT_HAS(f, pm1_event_len) || f->pm1_event_len < PM1_EVENT_MIN)
        button_status = 0;
    /* From now on a press is kept until somebody listens; one that switched the machine on does
     * not count. */
    unwatched = button_status != 0;
    if (unwatched) {
        io_out16(button_status, PM1_POWER_BUTTON);
        io_out16((uint16_t)(button_status + f->pm1_event_len / 2), PM1_POWER_BUTTON);
    }
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
}

/* From whichever table has them; false if none does. */
static bool
find_s5(uint8_t types[2])
{
    const uint8_t *aml;
    unsigned at = 0;
    size_t len;

    while ((aml = acpi_aml(&at, &len)))
        if (aml_find_s5(aml, len, types) == 0)
            return true;
    return false;
}

void
power_off(void)
{
    uint8_t types[2];

    if (!find_s5(types))
        return;
    if (pm1a_control)
        sleep_fixed(types);
    else if (sleep_control.address)
        write_address(&sleep_control, (uint8_t)(types[0] << SLEEP_TYPE | SLEEP));
    for (unsigned i = 0; i < OFF_POLLS; i++)
        io_in8(DELAY_PORT); /* a real machine takes its time, and so does QEMU */
}

void
power_reset(void)
{
    if (reset.address)
        write_address(&reset, reset_value);
}

/* ---- the power button ---- */

static void on_sci(void *arg);
static struct irq_action sci_action = {.handler = on_sci};

/* The line is shared with all that ACPI has to say, and up until its reason is cleared. */
static void
on_sci(void *arg)
{
    static unsigned strange;
    struct irq_line *line = arg;

    if (io_in16(button_status) & PM1_POWER_BUTTON) {
        io_out16(button_status, PM1_POWER_BUTTON); /* writing a one clears it */
        kernel_ask_end();
    } else if (++strange == STRANGE_MAX) {
        irq_detach(line, &sci_action);
    }
}

static void
watch_fixed(void)
{
    struct irq_line *line = lines_sci(sci);

    if (!line)
        return;
    enable();
    sci_action.arg = line;
    irq_attach(line, &sci_action);
    on_sci(line); /* a press from before that may have left no interrupt */
}

static volatile char *events; /* of the generic event device; reading clears */

static void
on_event(void *unused)
{
    (void)unused;
    if (mmio_read32(events) & EVENT_POWER_DOWN)
        kernel_ask_end();
}

static bool
find_event_device(struct aml_device *out)
{
    const uint8_t *aml;
    unsigned block = 0;
    size_t len;

    while ((aml = acpi_aml(&block, &len))) {
        size_t at = 0;
        if (aml_next_device(aml, len, EVENT_DEVICE, &at, out) == 0)
            return true;
    }
    return false;
}

/* With reduced hardware there is no fixed button, but QEMU's event device. */
static void
watch_events(void)
{
    static struct irq_action action = {.handler = on_event};
    struct aml_device device;

    if (!find_event_device(&device))
        return;
    struct irq_line *line = pc_gsi_line(device.gsi, device.level);
    events = platform->map_device(device.base, sizeof(uint32_t));
    if (!line || !events)
        return;
    irq_attach(line, &action);
    on_event(NULL); /* likewise */
}

static void
watch(void *unused)
{
    (void)unused;
    if (button_status)
        watch_fixed();
    else
        watch_events();
}

bool
power_idle(void)
{
    static struct deferred work = {.run = watch};

    if (!unwatched)
        return false;
    unwatched = false;
    defer_mark(&work);
    return true;
}
