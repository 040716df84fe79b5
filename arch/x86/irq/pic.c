/*
 * The PC's pair of 8259 interrupt controllers (Intel 8259A data sheet; the PC wires the second
 * one to input 2 of the first). Used in fully nested mode with explicit end of interrupt; which
 * lines are level-triggered is the firmware's setting (ELCR), which it made with its PCI
 * routing and which is left alone.
 */
#include "arch/x86/irq/pic.h"
#include "arch/x86/cpu/io.h"
#include "kernel/kernel.h"

#define MASTER_COMMAND 0x20
#define MASTER_DATA    0x21
#define SLAVE_COMMAND  0xa0
#define SLAVE_DATA     0xa1

#define ICW1_INIT_ICW4 0x11 /* edge, cascade, ICW4 follows */
#define ICW4_8086      0x01
#define OCW2_EOI       0x20
#define OCW3_READ_ISR  0x0b

#define CASCADE  2
#define SPURIOUS 7 /* the lowest priority input of each chip */

static struct irq_line lines[PIC_LINES];
static char line_names[PIC_LINES][8];
static uint16_t masked = 0xffff & ~(1u << CASCADE);
static bool present;
static void (*timer_handler)(const struct trap_frame *frame);

/* Called with interrupts off: irq_attach and irq_detach see to it. */
static void
set_mask(struct irq_line *line, bool on)
{
    unsigned irq = (unsigned)(line - lines);

    masked = (uint16_t)(on ? masked | 1u << irq : masked & ~(1u << irq));
    if (irq < 8)
        io_out8(MASTER_DATA, (uint8_t)masked);
    else
        io_out8(SLAVE_DATA, (uint8_t)(masked >> 8));
}

/* The mask register reads back what was written; where no chip is, nothing does. */
static bool
is_there(void)
{
    io_out8(SLAVE_DATA, 0xff);
    io_out8(MASTER_DATA, 0xff);
    if (io_in8(MASTER_DATA) != 0xff)
        return false;
    io_out8(MASTER_DATA, (uint8_t)masked);
    return io_in8(MASTER_DATA) == (uint8_t)masked;
}

bool
pic_present(void)
{
    return present;
}

void
pic_init(void)
{
    present = is_there();
    if (!present)
        return;
    io_out8(MASTER_COMMAND, ICW1_INIT_ICW4);
    io_out8(SLAVE_COMMAND, ICW1_INIT_ICW4);
    io_out8(MASTER_DATA, TRAP_EXCEPTIONS);
    io_out8(SLAVE_DATA, TRAP_EXCEPTIONS + 8);
    io_out8(MASTER_DATA, 1u << CASCADE); /* ICW3: which input the slave is on ... */
    io_out8(SLAVE_DATA, CASCADE);        /* ... and for the slave, its number */
    io_out8(MASTER_DATA, ICW4_8086);
    io_out8(SLAVE_DATA, ICW4_8086);
    io_out8(MASTER_DATA, (uint8_t)masked);
    io_out8(SLAVE_DATA, (uint8_t)(masked >> 8));
    for (unsigned irq = 0; irq < PIC_LINES; irq++) {
        ksnprintf(line_names[irq], sizeof(line_names[irq]), "irq %u", irq);
        lines[irq].name = line_names[irq];
        lines[irq].mask = set_mask;
    }
}

struct irq_line *
pic_line(unsigned irq)
{
    return !present || irq == 0 || irq == CASCADE || irq >= PIC_LINES ? NULL : &lines[irq];
}

void
pic_attach_timer(void (*handler)(const struct trap_frame *frame))
{
    timer_handler = handler;
    set_mask(&lines[0], false);
}

/* A request that vanished before it was acknowledged arrives as input 7, with no bit in the
 * in-service register and no end of interrupt wanted (8259A data sheet, "default IR7"). */
static bool
is_spurious(uint16_t command)
{
    io_out8(command, OCW3_READ_ISR);
    return !(io_in8(command) & 1u << SPURIOUS);
}

void
pic_interrupt(unsigned irq, struct trap_frame *frame)
{
    if (irq >= PIC_LINES || !present)
        return; /* a program's own int instruction: no line of ours */
    if (irq == SPURIOUS && is_spurious(MASTER_COMMAND))
        return;
    if (irq == 8 + SPURIOUS && is_spurious(SLAVE_COMMAND)) {
        io_out8(MASTER_COMMAND, OCW2_EOI); /* the cascade input was real */
        return;
    }
    if (irq == 0)
        timer_handler(frame);
    else
        irq_dispatch(&lines[irq]);
    /* Only now: a level-triggered line is quiet once its handlers have acknowledged. */
    if (irq >= 8)
        io_out8(SLAVE_COMMAND, OCW2_EOI);
    io_out8(MASTER_COMMAND, OCW2_EOI);
}
