/*
 * The hypercall instruction, apart from everything else so that the unit tests can put a
 * model of the host in its place.
 */
#ifndef ARCH_X86_LGUEST_CALL_H
#define ARCH_X86_LGUEST_CALL_H

#include <stdint.h>
#include "abi/lguest.h"

/* Every register comes back unchanged; what a call has to say comes through memory. By the
 * host's gate, where there is one (BOOT_PARAMS_GATE), which leaves the int out where it serves. */
static inline void
lguest_call(uint32_t number, uint32_t a, uint32_t b, uint32_t c)
{
    __asm__ volatile("movl $1f, %%edi\n\tcmpl $0, lguest_gate\n\tje 1f\n\tljmp *lguest_gate\n"
                     "1:\tint %0"
                     :
                     : "i"(LGUEST_TRAP_ENTRY), "a"(number), "b"(a), "c"(b), "d"(c), "S"(0)
                     : "edi", "memory");
}

#endif
