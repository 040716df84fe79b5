/*
 * The first instructions of every door, the header that makes the image a Multiboot one and
 * the note that makes it a PVH one. Who called shows in the registers: a Multiboot loader
 * leaves its magic in eax and the information's address in ebx (Multiboot Specification
 * 0.6.96, 3.2); lguest leaves eax and esp 0 (docs/lguest.md, start state); a PVH loader has an
 * entry of its own, which makes its call look like the first.
 *
 * What is done here is what C cannot do for itself: the time stamp counter before anything else
 * takes time, a stack, a clear .bss (a loader may leave file bytes there), and clean flags.
 * Segment registers stay as they were found: a Multiboot loader's are flat, and an lguest guest
 * must keep its host's.
 */
#include "abi/multiboot.h"
#include "abi/pvh.h"

#define BOOT_STACK_SIZE 16384

    .section .multiboot, "a"
    .balign 4
    .long MULTIBOOT_HEADER_MAGIC
    .long MULTIBOOT_HEADER_PAGE_ALIGN | MULTIBOOT_HEADER_MEMORY
    .long -(MULTIBOOT_HEADER_MAGIC + (MULTIBOOT_HEADER_PAGE_ALIGN | MULTIBOOT_HEADER_MEMORY))

    .section .note.Xen, "a", @note
    .balign 4
    .long 4                     /* bytes of the name */
    .long 4                     /* bytes of the value */
    .long XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long pvh_entry

    .section .text.boot, "ax"
    .type pvh_entry, @function
pvh_entry:
    movl    $PVH_START_MAGIC, %eax
    .size pvh_entry, . - pvh_entry
    .globl image_entry
    .type image_entry, @function
image_entry:
    movl    %eax, %ebp          /* the magic; rdtsc and stosl want eax */
    rdtsc                       /* first of all; a CPU with i686's instructions has it */
    movl    %eax, %esi
    cld
    movl    $bss_start, %edi
    movl    $bss_end, %ecx
    subl    %edi, %ecx
    shrl    $2, %ecx            /* both ends are 4-byte aligned: linker.ld */
    xorl    %eax, %eax
    rep stosl
    movl    %esp, %ecx          /* as the loader left it, which has not been used yet */
    movl    $boot_stack_top, %esp
    pushl   $0
    popfl                       /* no interrupts, no nested task, direction up */
    subl    $12, %esp           /* the ABI's 16-byte alignment at the call */
    pushl   %edx                /* boot_enter's arguments, the last one first */
    pushl   %esi
    pushl   %ecx
    pushl   %ebx
    pushl   %ebp
    xorl    %ebp, %ebp          /* where backtraces end */
    call    boot_enter          /* does not return */
    .size image_entry, . - image_entry

    .section .bss.boot_stack, "aw", @nobits
    .balign 16
    .globl boot_stack_bottom, boot_stack_top
boot_stack_bottom:
    .skip BOOT_STACK_SIZE
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
