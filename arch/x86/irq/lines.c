/*
 * Which interrupt controller of a PC has which line.
 *
 * Lines that have an ACPI number are the I/O APICs' where there are any, else the 8259s'. PCI's
 * INTx stays with the 8259s even then: the number in a function's configuration space is theirs
 * by definition (PCI Local Bus Specification 3.0, 6.2.4), while the pin of an I/O APIC that its
 * wire reaches is told by AML code only, which nobody here can run. So both kinds of controller
 * are in use at the same time; the 8259s' interrupts come in through the local APIC. Where
 * there are no 8259s, an ISA interrupt that the MADT calls level-triggered is taken for PCI's;
 * beside them it may be ACPI's own (5.2.9, SCI_INT), whose pin the wires need not reach.
 */
#include "arch/x86/irq/lines.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/irq/ioapic.h"
#include "arch/x86/pc/pc.h"
#include "arch/x86/irq/pic.h"

#define TIMER_IRQ 0

static struct madt wiring;

static void
interrupt(unsigned n, struct trap_frame *frame)
{
    if (n < PIC_LINES)
        pic_interrupt(n, frame);
    else
        apic_interrupt(n, frame);
}

void
lines_init(const struct madt *madt)
{
    wiring = *madt;
    pic_init();
    if (apic_init() == 0)
        ioapic_init(&wiring);
    trap_interrupt = interrupt;
}

/* As the firmware's table describes this interrupt, else as the caller does. */
static struct irq_line *
gsi_line(unsigned gsi, bool level, bool low)
{
    for (unsigned irq = 0; irq < MADT_ISA_IRQS; irq++) {
        const struct madt_isa *isa = &wiring.isa[irq];
        if (isa->gsi != gsi || !isa->overridden)
            continue;
        return irq == TIMER_IRQ ? NULL : ioapic_line(gsi, isa->level, isa->low);
    }
    return gsi == wiring.isa[TIMER_IRQ].gsi ? NULL : ioapic_line(gsi, level, low);
}

struct irq_line *
pc_gsi_line(unsigned gsi, bool level)
{
    return ioapic_present() ? gsi_line(gsi, level, false) : pic_line(gsi);
}

struct irq_line *
lines_isa(unsigned irq)
{
    if (!ioapic_present())
        return pic_line(irq);
    return irq < MADT_ISA_IRQS ? gsi_line(wiring.isa[irq].gsi, false, false) : NULL;
}

struct irq_line *
lines_intx(unsigned irq)
{
    struct irq_line *line = pic_line(irq);

    if (line || !ioapic_present() || irq >= MADT_ISA_IRQS || !wiring.isa[irq].level)
        return line;
    return gsi_line(wiring.isa[irq].gsi, true, wiring.isa[irq].low);
}

struct irq_line *
lines_sci(unsigned irq)
{
    if (!ioapic_present())
        return pic_line(irq);
    /* Level-triggered and active low unless the table says otherwise (5.2.9, SCI_INT). */
    return gsi_line(irq < MADT_ISA_IRQS ? wiring.isa[irq].gsi : irq, true, true);
}
