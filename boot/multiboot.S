/*
 * The first instructions after a Multiboot loader, and the header that makes it one.
 *
 * At entry (Multiboot Specification 0.6.96, 3.2): flat 32-bit protected mode, paging and
 * interrupts off, eax the magic, ebx the information's physical address, no stack. What is
 * done here is what C cannot do for itself: a stack, a clear .bss (a loader may leave file
 * bytes there), and clean flags.
 */
#include "abi/multiboot.h"

#define BOOT_STACK_SIZE 16384

    .section .multiboot, "a"
    .balign 4
    .long MULTIBOOT_HEADER_MAGIC
    .long MULTIBOOT_HEADER_PAGE_ALIGN | MULTIBOOT_HEADER_MEMORY
    .long -(MULTIBOOT_HEADER_MAGIC + (MULTIBOOT_HEADER_PAGE_ALIGN | MULTIBOOT_HEADER_MEMORY))

    .section .text.boot, "ax"
    .globl image_entry
    .type image_entry, @function
image_entry:
    cld
    movl    %eax, %edx          /* the magic; stosl wants eax */
    movl    $bss_start, %edi
    movl    $image_end, %ecx
    subl    %edi, %ecx
    shrl    $2, %ecx            /* both ends are 4-byte aligned: linker.ld */
    xorl    %eax, %eax
    rep stosl
    movl    $boot_stack_top, %esp
    xorl    %ebp, %ebp          /* where backtraces end */
    pushl   $0
    popfl                       /* no interrupts, no nested task, direction up */
    subl    $8, %esp            /* the ABI's 16-byte alignment at the call */
    pushl   %ebx
    pushl   %edx
    call    multiboot_enter     /* does not return */
    .size image_entry, . - image_entry

    .section .bss.boot_stack, "aw", @nobits
    .balign 16
    .globl boot_stack_bottom, boot_stack_top
boot_stack_bottom:
    .skip BOOT_STACK_SIZE
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
