/*
 * Ports and device memory, which in the unit tests are the model's (tests/unit/model).
 */
#ifndef ARCH_X86_CPU_IO_H
#define ARCH_X86_CPU_IO_H

#include <stdint.h>

uint32_t model_port_read(uint16_t port, unsigned width);
void model_port_write(uint16_t port, uint32_t value, unsigned width);
uint32_t model_memory_read(uint64_t address, unsigned width);
void model_memory_write(uint64_t address, uint32_t value, unsigned width);

#define MODEL_ACCESSORS(bits)                                                    \
    static inline uint##bits##_t io_in##bits(uint16_t port)                      \
    {                                                                            \
        return model_port_read(port, bits / 8);                                  \
    }                                                                            \
    static inline void io_out##bits(uint16_t port, uint##bits##_t value)         \
    {                                                                            \
        model_port_write(port, value, bits / 8);                                 \
    }                                                                            \
    static inline uint##bits##_t mmio_read##bits(const volatile void *at)        \
    {                                                                            \
        return model_memory_read((uintptr_t)at, bits / 8);                       \
    }                                                                            \
    static inline void mmio_write##bits(volatile void *at, uint##bits##_t value) \
    {                                                                            \
        model_memory_write((uintptr_t)at, value, bits / 8);                      \
    }

MODEL_ACCESSORS(8)
MODEL_ACCESSORS(16)
MODEL_ACCESSORS(32)

#endif
