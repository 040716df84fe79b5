/*
 * What every part of the kernel may use: log, panic, assertion, leaving, the command line and
 * the initialisers. Nothing here blocks.
 */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "abi/bits.h"
#include "kernel/enlist.h"
#include "kernel/errno.h"

#define ARRAY_SIZE(a)     (sizeof(a) / sizeof((a)[0]))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define MIN(a, b)         ((a) < (b) ? (a) : (b))
#define MAX(a, b)         ((a) > (b) ? (a) : (b))

/* ---- text ---- */

/*
 * printf's d i u x X c s p %, with width, '-', '0', precision for s, and h l ll z. Returns the
 * length that the whole text would have; always terminates when size > 0.
 */
int kvsnprintf(char *to, size_t size, const char *format, va_list ap);
int ksnprintf(char *to, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);
/*
 * A whole number in decimal, or hex after 0x, that ends at the end of the text and lies in
 * [0, max]: 0 and *out, else -EINVAL and *out untouched.
 */
int parse_number(const char *text, uint64_t max, uint64_t *out);

/* ---- log ---- */

/*
 * One line each, without the newline; "subject: what happened" with the subject's own name
 * first. info: what a user wants to see once (a device, an address); warn: something is
 * refused or missing and life goes on; error: something the user asked for does not work.
 * All of it is kept in a ring for the shell; the word log=quiet|error|warn|info says what
 * also goes to the console (default info). Any context but interrupt handlers.
 */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO };
void log_print(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);
#define log_error(...) log_print(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_print(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_print(LOG_INFO, __VA_ARGS__)
/* Copy the kept text, oldest first, from byte `offset` on; returns bytes copied, 0 at the
 * end. */
size_t log_read(size_t offset, char *to, size_t size);

/* ---- the end ---- */

/* Exit codes that are the kernel's own; an application's go through unchanged (0 to 255). */
#define EXIT_PANIC    120 /* exception, assertion, kernel's books wrong */
#define EXIT_NO_START 121 /* the image could not start: memory, loader */
#define EXIT_ASKED    143 /* asked to end from outside, as by SIGTERM elsewhere */

/* Prints the last line "exit: N", resets the devices, leaves by the platform. Any context: the
 * console gets half a second to take what was written. */
_Noreturn void kernel_exit(int code);
/* The application is done: kernel_exit(), but what it left on its way goes out first, and the
 * console is waited for as long as it takes anything (console_drain). Called from a thread;
 * blocks, bounded. */
_Noreturn void kernel_leave(int code);
/* The same for deferred work: a thread of its own leaves. Threads run on until it gets there. */
void kernel_leave_soon(int code);
/*
 * Somebody outside asks the program to end: lguest's launcher by its interrupt, a power button.
 * Any context. kernel_end_asked is what that leads to, as deferred work; while it is NULL the
 * kernel leaves with EXIT_ASKED. lib/libc makes SIGTERM of it.
 */
void kernel_ask_end(void);
extern void (*kernel_end_asked)(void);
/* Starts the machine again, in the same order. Called from a thread. */
_Noreturn void kernel_restart(void);
/* Prints the text, registers if a trap brought us here, a backtrace with names; then leaves
 * with EXIT_PANIC. Any context, and never returns even if it fails half-way. */
_Noreturn void panic(const char *format, ...) PRINTF_LIKE(1, 2);
/* The same for traps: the place is the interrupted code's. */
_Noreturn void panic_at(uintptr_t eip, uintptr_t ebp, const char *format, va_list ap);
/* Walk the frame pointers from `ebp` and print them with names; bounded and checked. */
void backtrace(uintptr_t eip, uintptr_t ebp);
/* Name of the function around `address` and the offset in it; NULL if the table lacks it. */
const char *symbol_name(uintptr_t address, uint32_t *offset);

/* For what cannot happen; the expression must have no effect of its own. */
#define assert(e) ((e) ? (void)0 : assert_failed(#e, __FILE__, __LINE__))
_Noreturn void assert_failed(const char *expression, const char *file, int line);

/* Called before the platform leaves (exit, restart, panic): devices must stop writing to
 * memory. Runs in any context; must not block, allocate or fail. ENLIST(shutdown, ...) */
struct shutdown_hook {
    void (*run)(void);
};

/* Called by kernel_leave on the thread that ends the program, before anything is reset; may
 * block for a bounded time. ENLIST(leave, ...) */
struct leave_hook {
    void (*run)(void);
};

/* ---- initialisers ---- */

/*
 * ENLIST(init, ...): run by kmain in rising order of `order`, on the first thread, after the
 * devices were found; may block. A failure is the part's own to report.
 */
struct init_hook {
    int order; /* 10 console, 20 disks and file systems, 30 network */
    void (*run)(void);
};

/* The application: lib/libc defines it for programs with main(). Returns the exit code. */
int application_run(void);

#endif
