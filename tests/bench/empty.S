/*
 * The least kernel that QEMU can start, by Multiboot (-DMULTIBOOT) or by PVH (-DPVH): it leaves at
 * once with code 0 by isa-debug-exit. What QEMU needs for it is what QEMU itself costs; start.py
 * runs it beside hello.
 */
#include "abi/multiboot.h"
#include "abi/pvh.h"

#ifdef MULTIBOOT
    .section .text
    .balign 4
    .long MULTIBOOT_HEADER_MAGIC, 0, -MULTIBOOT_HEADER_MAGIC /* magic, flags, checksum */
#endif
#ifdef PVH
    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 4, XEN_ELFNOTE_PHYS32_ENTRY /* bytes of the name, bytes of the value, type */
    .asciz "Xen"
    .long _start
#endif
    .section .text
    .globl _start
_start:
    mov $0x501, %dx
    xor %eax, %eax
    out %al, %dx
1:  cli
    hlt
    jmp 1b
    .section .note.GNU-stack, "", @progbits
