/*
 * The ways out. In good order, what the program left on its way (bytes that a peer has not seen,
 * writes that a disk still holds back, text that the console's host has not read) goes out before
 * the devices are reset; that may take a while and has to be done by a thread, whoever asks for
 * it. A panic leaves at once.
 */
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/thread.h"

#define LEAVE_STACK 8192

#define RESTART (-1) /* no exit code */

ENLIST_DECLARE(leave);
ENLIST_DECLARE(shutdown);

static bool leaving;
static int leave_code;

static void
last_line(int code)
{
    char line[16];

    if (code != RESTART)
        console_line(line, (size_t)ksnprintf(line, sizeof(line), "exit: %d\n", code));
}

static _Noreturn void
end(int code)
{
    console_finish();
    platform->irq_save();
    ENLIST_FOREACH(shutdown, const struct shutdown_hook, hook)
        hook->run();
    if (code == RESTART)
        platform->restart();
    platform->exit(code);
}

_Noreturn void
kernel_exit(int code)
{
    last_line(code & 255);
    end(code & 255);
}

/* Whoever comes first decides the code; others who want to end have ended. */
static _Noreturn void
leave(int code)
{
    while (leaving)
        wait_sleep(TIME_NEVER);
    leaving = true;
    ENLIST_FOREACH(leave, const struct leave_hook, hook)
        hook->run();
    console_drain();
    last_line(code);
    console_drain();
    end(code);
}

_Noreturn void
kernel_leave(int code)
{
    leave(code & 255);
}

_Noreturn void
kernel_restart(void)
{
    leave(RESTART);
}

static void
leave_thread(void *unused)
{
    (void)unused;
    kernel_leave(leave_code);
}

void
kernel_leave_soon(int code)
{
    leave_code = code;
    if (!thread_create("leave", leave_thread, NULL, LEAVE_STACK))
        kernel_exit(code);
}

/* ---- asked from outside ---- */

static void
asked(void *unused)
{
    (void)unused;
    if (kernel_end_asked)
        kernel_end_asked();
    else
        kernel_leave_soon(EXIT_ASKED);
}

static struct deferred work = {.run = asked};

void (*kernel_end_asked)(void);

void
kernel_ask_end(void)
{
    defer_mark(&work);
}
