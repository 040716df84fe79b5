/*
 * The hypercall, which in the unit tests ends at a model of the host (tests/unit/model). Its
 * arguments are as wide as this machine's addresses.
 */
#ifndef ARCH_X86_LGUEST_CALL_H
#define ARCH_X86_LGUEST_CALL_H

#include <stdint.h>
#include "abi/lguest.h"

void lguest_call(uint32_t number, uintptr_t a, uintptr_t b, uintptr_t c);

#endif
