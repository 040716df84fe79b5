/*
 * What the unit tests' stand-ins for the kernel offer to a test: a machine made of host
 * memory, a clock that only moves when the test or a wait moves it, and a log that can be
 * read. The code under test sees kernel/memory.h, platform.h, thread.h and the log as usual;
 * kernel/deferred.c, irq.c, timer.c, print.c and string.c are the real ones.
 *
 * Everything runs in one host thread. A call that blocks (wait_on, thread_sleep) runs the
 * model's devices, deferred work and timers, and moves the clock, until it is woken or late; in
 * a program with the kernel's own threads (kernel/thread.c and switch.c instead of wait.c) it
 * is the idle loop that does.
 */
#ifndef TESTS_UNIT_SHIM_H
#define TESTS_UNIT_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- memory: pages lie below 4 GiB; what was freed is poisoned for the sanitizer ---- */

/* The byte that fills pages which nobody has been given (checklist row 61). */
#define SHIM_PAGE_POISON 0xa5

/* From now on `n` allocations (pages or heap) succeed, then one fails, then all succeed
 * again; negative: none fails. */
void shim_memory_fail_after(long n);
/* Let all fail (true) or none. */
void shim_memory_fail_all(bool on);
/* Allocations that were not given back. */
unsigned shim_memory_live(void);
/* Pages among them. */
unsigned shim_memory_pages(void);
/* Count from zero again; what is still allocated stays as it is. */
void shim_memory_forget(void);
/* What memory_info tells of free memory, in bytes; 0: the truth. */
void shim_memory_tell(size_t free);
/* True if some of these bytes are none that the program may touch: freed, or never given out.
 */
bool shim_memory_bad(const void *base, size_t len);

/* ---- clock ---- */

/* By so much (ns) it moves at a time while nobody has anything to do. */
#define SHIM_WAIT_STEP 100000ull
/* The time, without the side effects below. */
uint64_t shim_clock(void);
/* Move the clock; timers that become due run at the next known point. */
void shim_clock_advance(uint64_t ns);
/* Every reading of the clock moves it by this (1 us at first) and lets the devices work, as if
 * they ran beside the CPU. */
void shim_clock_step(uint64_t ns);
/* What timer_arm was last told. */
uint64_t shim_timer_at(void);

/* ---- buses ---- */

/* Scan them all, as kmain does. */
void shim_discover(void);

/* ---- threads, with switch.c ---- */

/* The least stack of one, in bytes. */
#define SHIM_STACK 65536u

/* ---- log ---- */

/* Lines at this level or worse since shim_log_clear (LOG_ERROR, LOG_WARN, LOG_INFO). */
unsigned shim_log_lines(int level);
/* True if a line since shim_log_clear contains the text. */
bool shim_log_has(const char *text);
void shim_log_clear(void);

/* ---- shutdown ---- */

/* Run the enlisted shutdown hooks, as kernel_exit and panic do. */
void shim_shutdown(void);

#endif
