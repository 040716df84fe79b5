/*
 * The PC's one-shot timer: the deadline, kept here, over a chip that may be able to count only
 * a part of the way to it. Then its interrupt comes early and loads the rest.
 */
#include "arch/x86/time/timer.h"
#include "arch/x86/time/clock.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"

static const struct timer_chip *chip;
static uint64_t wanted = TIME_NEVER; /* the deadline; TIME_NEVER when it was met */

static void
load(uint64_t now)
{
    uint64_t next = MIN(wanted, clock_read_by());

    if (next == TIME_NEVER || !chip)
        return; /* what is still counting ends in one interrupt that finds nothing due */
    chip->load(now, next > now ? next - now : 0);
}

void
timer_chip_arm(uint64_t deadline)
{
    bool on = platform->irq_save();

    wanted = deadline;
    load(clock_read());
    platform->irq_restore(on);
}

static void
interrupt(const struct trap_frame *frame)
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
timer_chip_init(void)
{
    static const struct timer_chip *const chips[] = {&apic_timer, &pit_timer};

    chip = NULL;
    for (unsigned i = 0; i < ARRAY_SIZE(chips) && !chip; i++)
        if (chips[i]->init(interrupt) == 0)
            chip = chips[i];
    if (!chip)
        log_error(
            "timer: this machine has neither a local APIC nor an 8254; nothing that waits "
            "for a time will ever wake up");
}
