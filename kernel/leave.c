/*
 * Leaving in good order: what the program left on its way (bytes that a peer has not seen,
 * writes that a disk still holds back) goes out before the devices are reset. That may take a
 * while and has to be done by a thread, whoever asks for it.
 */
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/thread.h"

#define LEAVE_STACK 8192

ENLIST_DECLARE(leave);

static bool leaving;
static int leave_code;

/* Whoever comes first decides the code; others who want to end have ended. */
_Noreturn void
kernel_leave(int code)
{
    while (leaving)
        wait_sleep(TIME_NEVER);
    leaving = true;
    ENLIST_FOREACH(leave, const struct leave_hook, hook)
        hook->run();
    kernel_exit(code);
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
