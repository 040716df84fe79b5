/*
 * The PC's 8254 timer (Intel 8254 data sheet). Both channels run in mode 0: count down once,
 * then raise the output. For channel 0 the output is the timer interrupt; for channel 2 it can
 * be read back in port 0x61 and says that 16 bits were not enough.
 */
#include "arch/x86/pit.h"
#include "arch/x86/clock.h"
#include "arch/x86/io.h"
#include "arch/x86/scale.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"

#define CHANNEL0 0x40
#define CHANNEL2 0x42
#define CONTROL  0x43
#define PORT_B   0x61

#define CONTROL_CHANNEL0_MODE0 0x30 /* low then high byte, binary */
#define CONTROL_CHANNEL2_MODE0 0xb0
#define CONTROL_CHANNEL2_LATCH 0x80

#define PORT_B_GATE2  0x01 /* lets channel 2 count; bit 1 would let it be heard */
#define PORT_B_CHECKS 0x0c /* memory error reports, as the firmware set them */
#define PORT_B_OUT2   0x20

#define COUNT_MAX (PIT_ROUND - 1)

static uint64_t wanted = TIME_NEVER; /* deadline of pit_arm; TIME_NEVER when it was met */

void
pit_init(void)
{
    io_out8(CONTROL, CONTROL_CHANNEL0_MODE0);
}

/* A count too large for the counter becomes the largest: the interrupt comes early and loads
 * the rest. Writing a count restarts it (8254, mode 0). */
static void
load(uint64_t now)
{
    const struct scale from_ns = {((uint64_t)PIT_HZ << 32) / NSEC_PER_SEC, 32};
    uint64_t next = MIN(wanted, clock_read_by());

    if (next == TIME_NEVER)
        return; /* what is still counting ends in one interrupt that finds nothing due */
    uint64_t ns = next > now ? next - now : 0;
    uint32_t count = (uint32_t)MIN(scale_apply(from_ns, ns) + 1, COUNT_MAX);
    io_out8(CHANNEL0, (uint8_t)count);
    io_out8(CHANNEL0, (uint8_t)(count >> 8));
}

void
pit_arm(uint64_t deadline)
{
    bool on = platform->irq_save();

    wanted = deadline;
    load(clock_read());
    platform->irq_restore(on);
}

void
pit_interrupt(const struct trap_frame *frame)
{
    uint64_t now = clock_read();
    bool due = wanted <= now;

    if (due)
        wanted = TIME_NEVER;
    load(now);
    if (due)
        timer_interrupt(frame->eip, frame->ebp);
}

void
pit_count_start(void)
{
    io_out8(PORT_B, (io_in8(PORT_B) & PORT_B_CHECKS) | PORT_B_GATE2);
    io_out8(CONTROL, CONTROL_CHANNEL2_MODE0);
    io_out8(CHANNEL2, 0); /* 0 stands for 65536 */
    io_out8(CHANNEL2, 0);
}

uint16_t
pit_count(void)
{
    io_out8(CONTROL, CONTROL_CHANNEL2_LATCH);
    uint16_t low = io_in8(CHANNEL2);
    uint16_t high = io_in8(CHANNEL2);

    return (uint16_t) - (high << 8 | low); /* it counts down, from 0 */
}

bool
pit_count_round(void)
{
    return io_in8(PORT_B) & PORT_B_OUT2;
}
