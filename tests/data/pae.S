/*
 * The smallest kernel that runs with PAE paging: a Multiboot loader starts it, it maps the first
 * 2 MiB to themselves, turns paging on as the Intel SDM says (vol. 3, 4.1.2 and 4.4.1) and leaves
 * through isa-debug-exit with 1. Where it does not get that far, a machine runs no 32-bit guest
 * with PAE paging, whosever it is.
 */
#define MULTIBOOT_MAGIC 0x1badb002
#define CR0_PG          0x80000000
#define CR4_PAE         0x20
#define PRESENT         0x01
#define WRITABLE        0x02
#define LARGE           0x80
#define DEBUG_EXIT      0x501

    .text
    .globl _start
    .align 4
    .long MULTIBOOT_MAGIC, 0, -MULTIBOOT_MAGIC
_start:
    cli
    movl %cr4, %eax
    orl $CR4_PAE, %eax
    movl %eax, %cr4
    movl $pointers, %eax
    movl %eax, %cr3
    movl %cr0, %eax
    orl $CR0_PG, %eax
    movl %eax, %cr0
    movw $DEBUG_EXIT, %dx
    movb $1, %al
    outb %al, %dx
    hlt

    .align 4096
directory:
    .quad PRESENT | WRITABLE | LARGE
    .fill 511, 8, 0
    .align 32
pointers:
    .long directory + PRESENT, 0
    .fill 3, 8, 0
    .section .note.GNU-stack, "", @progbits
