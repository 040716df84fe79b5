/*
 * Which interrupt controller of a PC has which line.
 */
#include "arch/x86/pc.h"
#include "arch/x86/pic.h"

struct irq_line *
pc_gsi_line(unsigned gsi, bool level)
{
    (void)level; /* a setting of the firmware's here, which goes with its wiring */
    return pic_line(gsi);
}
