/*
 * For code that has ports only: device memory (shim/arch/x86/cpu/io.h) fails the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "arch/x86/cpu/io.h"

uint32_t
model_memory_read(uint64_t address, unsigned width)
{
    fail_msg("device memory read at %llx, %u", (unsigned long long)address, width);
    return 0;
}

void
model_memory_write(uint64_t address, uint32_t value, unsigned width)
{
    fail_msg("device memory written at %llx, %x, %u", (unsigned long long)address, value,
             width);
}
