/*
 * The PC's 8254 timer (Intel 8254 data sheet). Both channels run in mode 0: count down once,
 * then raise the output. For channel 0 the output is the timer interrupt; for channel 2 it can
 * be read back in port 0x61 and says that 16 bits were not enough.
 */
#include "arch/x86/time/pit.h"
#include "arch/x86/cpu/io.h"
#include "arch/x86/irq/pic.h"
#include "arch/x86/time/scale.h"
#include "arch/x86/time/timer.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"

#define CHANNEL0 0x40
#define CHANNEL2 0x42
#define CONTROL  0x43
#define PORT_B   0x61

#define CONTROL_CHANNEL0_MODE0 0x30 /* low then high byte, binary */
#define CONTROL_CHANNEL2_MODE0 0xb0
#define CONTROL_CHANNEL2_LATCH 0x80
#define CONTROL_STATUS2        0xe8

#define STATUS_OUT  0x80
#define STATUS_MODE 0x3f

#define PORT_B_GATE2  0x01 /* lets channel 2 count; bit 1 would let it be heard */
#define PORT_B_CHECKS 0x0c /* memory error reports, as the firmware set them */
#define PORT_B_OURS   0x03
#define PORT_B_OUT2   0x20

#define COUNT_MAX (PIT_ROUND - 1)

static bool has_port_b;

/* ---- channel 0 ---- */

static int
init(void (*handler)(const struct trap_frame *frame))
{
    if (!pic_present()) /* through which it would interrupt */
        return -ENODEV;
    io_out8(CONTROL, CONTROL_CHANNEL0_MODE0);
    pic_attach_timer(handler);
    return 0;
}

/* A count too large for the counter becomes the largest. Writing one restarts it (8254, mode
 * 0). */
static void
load(uint64_t now, uint64_t ns)
{
    const struct scale from_ns = {((uint64_t)PIT_HZ << 32) / NSEC_PER_SEC, 32};
    uint32_t count = (uint32_t)MIN(scale_apply(from_ns, ns) + 1, COUNT_MAX);

    (void)now;
    io_out8(CHANNEL0, (uint8_t)count);
    io_out8(CHANNEL0, (uint8_t)(count >> 8));
}

const struct timer_chip pit_timer = {.init = init, .load = load};

/* ---- channel 2 ---- */

/* What the chip says of channel 2, by the read-back command (8254, "Read-Back"). */
static uint8_t
status2(void)
{
    io_out8(CONTROL, CONTROL_STATUS2);
    return io_in8(CHANNEL2);
}

/*
 * A PC has both the chip and port B, which gates channel 2 and shows its output. Where port B
 * reads as ones there may still be a chip, whose channel 2 then runs free (QEMU's microvm): it
 * knows the mode that was set.
 */
bool
pit_count_start(void)
{
    io_out8(PORT_B, (io_in8(PORT_B) & PORT_B_CHECKS) | PORT_B_GATE2);
    has_port_b = (io_in8(PORT_B) & PORT_B_OURS) == PORT_B_GATE2;
    io_out8(CONTROL, CONTROL_CHANNEL2_MODE0);
    io_out8(CHANNEL2, 0); /* 0 stands for 65536 */
    io_out8(CHANNEL2, 0);
    return has_port_b || (status2() & STATUS_MODE) == (CONTROL_CHANNEL2_MODE0 & STATUS_MODE);
}

uint32_t
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
    return has_port_b ? io_in8(PORT_B) & PORT_B_OUT2 : status2() & STATUS_OUT;
}
