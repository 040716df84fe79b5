/*
 * The order in which an image comes to life. Everything before this ran in boot/; everything
 * after it is the application's, until leave.c.
 */
#include "kernel/boot_info.h"
#include "kernel/cmdline.h"
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/log.h"
#include "kernel/device.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "kernel/thread.h"

#define MAIN_STACK_MIN (64u << 10)
#define MAIN_STACK_MAX (1u << 20)

const struct platform *platform;

ENLIST_DECLARE(buses);
ENLIST_DECLARE(init);

/* argv[0]: the file name without its ".elf". */
static const char *
application_name(void)
{
    static char name[32];
    size_t len = MIN(strlen(image_name), sizeof(name) - 1);

    if (len > 4 && strcmp(image_name + len - 4, ".elf") == 0)
        len -= 4;
    memcpy(name, image_name, len);
    return name;
}

/* Rising order; equal orders run as they were linked. Few enough for the simplest sort. */
static void
run_init_hooks(void)
{
    for (int done = -1;;) {
        int next = INT32_MAX;
        ENLIST_FOREACH(init, const struct init_hook, hook)
            if (hook->order > done && hook->order < next)
                next = hook->order;
        if (next == INT32_MAX)
            return;
        ENLIST_FOREACH(init, const struct init_hook, hook)
            if (hook->order == next)
                hook->run();
        done = next;
    }
}

static void
main_thread(void *unused)
{
    (void)unused;
    ENLIST_FOREACH(buses, const struct bus, bus)
        bus->scan();
    run_init_hooks();
    kernel_leave(application_run());
}

/* The application's stack grows with the machine: a 32nd of the free memory, in bounds. */
static size_t
main_stack_size(void)
{
    struct memory_info memory;

    memory_info(&memory);
    return MAX(MAIN_STACK_MIN, MIN(memory.free / 32, MAIN_STACK_MAX));
}

static _Noreturn void
cannot_start(const char *why)
{
    log_error("%s cannot start: %s", image_name, why);
    kernel_exit(EXIT_NO_START);
}

_Noreturn void
kmain(void)
{
    cmdline_init(boot_cmdline, application_name());
    log_init();
    if (boot_info.nr_ranges == 0)
        cannot_start("the loader gave no memory map");
    if (boot_info.cmdline_cut)
        log_warn("command line: longer than %d bytes, the rest is left out",
                 BOOT_CMDLINE_MAX - 1);
    modules_check();
    pages_init();
    platform->init();
    platform->early_console();
    if (!thread_create("main", main_thread, NULL, main_stack_size()))
        cannot_start("not enough memory for the first thread");
    timer_start();
    thread_start();
}
