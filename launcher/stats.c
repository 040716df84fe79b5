/*
 * What --stats prints at the end.
 */
#include "launcher/device/device.h"
#include "launcher/launcher.h"

struct stats stats;

void
stats_print(void)
{
    warn("%lu exits and %lu calls of the gate: %lu hypercalls (%lu notifies, %lu halts), %lu "
         "interrupts delivered, %lu turns to the far view of memory",
         stats.exits, stats.gate, stats.hypercalls, stats.notifies, stats.halts,
         stats.interrupts, stats.views);
    device_print_stats();
}
