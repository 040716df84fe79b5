/*
 * platform.h over a clock that the test owns.
 *
 * The model's devices are called through a weak reference: a test of the ring alone has none.
 */
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/watch.h"
#include "shim.h"

ENLIST_DECLARE(buses);
ENLIST_DECLARE(shutdown);

/* Of tests/unit/model, where it is linked. */
void model_devices(void) __attribute__((weak));
bool model_irq_deliver(void) __attribute__((weak));

static uint64_t now;
static uint64_t step = NSEC_PER_USEC;
static uint64_t timer_at = TIME_NEVER;
static bool irqs_on = true;

static bool
irq_save(void)
{
    bool was = irqs_on;

    irqs_on = false;
    return was;
}

/* As a CPU does: handlers run with interrupts off, one after the other while a line is up. */
static void
irq_restore(bool on)
{
    irqs_on = on;
    while (irqs_on && model_irq_deliver) {
        irqs_on = false;
        bool more = model_irq_deliver();
        irqs_on = true;
        if (!more)
            break;
    }
}

uint64_t
shim_clock(void)
{
    return now;
}

static void
timer_check(void)
{
    if (now < timer_at)
        return;
    timer_at = TIME_NEVER;
    timer_interrupt(0, 0);
}

void
shim_clock_advance(uint64_t ns)
{
    now += ns;
    timer_check();
}

void
shim_clock_step(uint64_t ns)
{
    step = ns;
}

/* Reading the clock is how code that waits without blocking lets the world go on. */
static uint64_t
machine_clock(void)
{
    now += step;
    if (model_devices)
        model_devices();
    if (irqs_on)
        irq_restore(true);
    return now;
}

static uint64_t
wall_base(void)
{
    return 0;
}

static void
timer_arm(uint64_t deadline)
{
    timer_at = deadline;
}

uint64_t
shim_timer_at(void)
{
    return timer_at;
}

static void *
map_device(uint64_t phys, size_t len)
{
    return phys + len <= UINT32_MAX ? (void *)(uintptr_t)phys : NULL;
}

void
shim_discover(void)
{
    ENLIST_FOREACH(buses, const struct bus, bus)
        bus->scan();
}

static void
halt(void)
{
    shim_clock_advance(SHIM_WAIT_STEP);
    irq_restore(true);
    irqs_on = false;
}

static const struct platform machine = {
    .name = "shim",
    .irq_save = irq_save,
    .irq_restore = irq_restore,
    .halt = halt,
    .clock = machine_clock,
    .wall_base = wall_base,
    .timer_arm = timer_arm,
    .map_device = map_device,
};
const struct platform *platform = &machine;

/* Deferred work runs on the host's one stack. */
char boot_stack_top[16];

void
cpu_call_on(uintptr_t top, void (*fn)(void *), void *arg)
{
    (void)top;
    fn(arg);
}

void
watch_known_point(void)
{
}

void
watch_tick(uintptr_t eip, uintptr_t ebp)
{
    (void)eip;
    (void)ebp;
}

void
shim_shutdown(void)
{
    ENLIST_FOREACH(shutdown, const struct shutdown_hook, hook)
        hook->run();
}
