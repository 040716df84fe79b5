/*
 * QEMU's microvm, when it runs without ACPI, appends a word for each virtio-mmio device to the
 * command line; but it does so in its firmware configuration device only (QEMU,
 * docs/specs/fw_cfg.rst), after it has made the Multiboot information, so that an image which
 * came in by Multiboot has to fetch the line there. It is the user's with the words behind it.
 * On machines that have nothing to append it is empty.
 */
#include "arch/x86/cpu/io.h"
#include "boot/boot.h"
#include "kernel/kernel.h"

#define SELECTOR 0x510
#define DATA     0x511

#define SIGNATURE    0x00
#define CMDLINE_SIZE 0x14
#define CMDLINE      0x15

static uint32_t
read_word(uint16_t item)
{
    uint32_t value = 0;

    io_out16(SELECTOR, item);
    for (unsigned i = 0; i < sizeof(value); i++)
        value |= (uint32_t)io_in8(DATA) << (8 * i);
    return value;
}

bool
fw_cfg_set_cmdline(void)
{
    if (read_word(SIGNATURE) != ('Q' | 'E' << 8 | 'M' << 16 | 'U' << 24))
        return false;
    uint32_t size = read_word(CMDLINE_SIZE);
    if (size == 0)
        return false;
    boot_info.cmdline_cut = size > BOOT_CMDLINE_MAX;
    size = MIN(size, (uint32_t)BOOT_CMDLINE_MAX);
    io_out16(SELECTOR, CMDLINE);
    for (uint32_t i = 0; i < size; i++)
        boot_cmdline[i] = (char)io_in8(DATA);
    boot_cmdline[size - 1] = '\0';
    return true;
}
