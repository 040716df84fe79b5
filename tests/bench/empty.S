/*
 * The least kernel that Multiboot can start: it leaves at once with code 0 by isa-debug-exit.
 * What QEMU needs for it is what QEMU itself costs; bench.py runs it beside hello.
 */
    .section .text
    .balign 4
    .long 0x1badb002, 0, -0x1badb002 /* Multiboot 1 header: magic, flags, checksum */
    .globl _start
_start:
    mov $0x501, %dx
    xor %eax, %eax
    out %al, %dx
1:  cli
    hlt
    jmp 1b
    .section .note.GNU-stack, "", @progbits
