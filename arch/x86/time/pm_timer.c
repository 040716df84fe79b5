/*
 * ACPI's power management timer: a counter that never stops, in a port that the FADT names.
 */
#include "arch/x86/time/pm_timer.h"
#include "arch/x86/firmware/acpi.h"
#include "arch/x86/cpu/io.h"

#define PORT_SIZE 4

static uint16_t port; /* 0: not looked for, or none */
static uint32_t origin;

static uint16_t
find(void)
{
    const struct acpi_fadt *fadt = acpi_find("FACP", ACPI_FADT_MIN);

    if (!fadt || !ACPI_FADT_HAS(fadt, pm_timer_len) || fadt->pm_timer_len != PORT_SIZE ||
        fadt->pm_timer > UINT16_MAX)
        return 0;
    if (ACPI_FADT_HAS(fadt, flags) && (fadt->flags & ACPI_FADT_REDUCED))
        return 0;
    return (uint16_t)fadt->pm_timer;
}

bool
pm_timer_start(void)
{
    if (!port)
        port = find();
    if (!port)
        return false;
    origin = io_in32(port);
    return true;
}

uint32_t
pm_timer_count(void)
{
    return (io_in32(port) - origin) % PM_TIMER_ROUND;
}

bool
pm_timer_came_round(void)
{
    return false;
}
