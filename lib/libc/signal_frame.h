/* How a handler is called, and what an exception means: signal_frame.c, for signal.c. */
#ifndef LIBC_SIGNAL_FRAME_H
#define LIBC_SIGNAL_FRAME_H

#include "arch/x86/cpu/trap.h"
#include "lib/libc/signal.h"

/* Call the handler. It is told `blocked` as what was blocked before; what it wants blocked afterwards. `frame`
 * is what was interrupted, and is what the handler makes of it; NULL at the end of a system call. */
uint64_t signal_call(const struct abi_sigaction *action, struct abi_siginfo *info,
                     uint64_t blocked, struct trap_frame *frame);
/* The signal that an exception is, at once: the registers of the coprocessor are looked at. */
struct abi_siginfo signal_of_exception(const struct trap_frame *f, uintptr_t address);

#endif
