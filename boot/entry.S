/*
 * The first instructions of every door, the header that makes the image a Multiboot one and
 * the note that makes it a PVH one. Who called shows in the registers: a Multiboot loader
 * leaves its magic in eax and the information's address in ebx (Multiboot Specification
 * 0.6.96, 3.2); lguest leaves eax and esp 0 (docs/lguest.md, start state); a PVH loader has an
 * entry of its own, which makes its call look like the first.
 *
 * What is done here is what C cannot do for itself: a stack, clean flags, the time stamp counter
 * (0 if the CPU has none) before much else takes time, and a clear .bss (a loader may leave file
 * bytes there).
 * Segment registers stay as they were found: a Multiboot loader's are flat, and an lguest guest
 * must keep its host's.
 */
#include "abi/multiboot.h"
#include "abi/pvh.h"

#define BOOT_STACK_SIZE 16384
#define EFLAGS_ID       (1 << 21)
#define EDX_TSC         (1 << 4) /* CPUID, leaf 1 */

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
    movl    %eax, %ebp          /* the magic, */
    movl    %ebx, %esi          /* the information, */
    movl    %esp, %edi          /* and the stack as the loader left it, which is not used */
    movl    $boot_stack_top, %esp
    pushl   $EFLAGS_ID          /* and no interrupts, no nested task, direction up */
    popfl
    pushfl
    popl    %eax                /* without CPUID the flag does not stay (SDM vol. 1, 20.1.2) */
    xorl    %edx, %edx
    andl    $EFLAGS_ID, %eax
    jz      1f
    movl    $1, %eax
    cpuid
    xorl    %eax, %eax
    andl    $EDX_TSC, %edx
    jz      1f
    rdtsc
1:  subl    $12, %esp           /* the ABI's 16-byte alignment at the call */
    pushl   %edx                /* boot_enter's arguments, the last one first */
    pushl   %eax
    pushl   %edi
    pushl   %esi
    pushl   %ebp
    movl    $bss_start, %edi    /* the stack lies behind it */
    movl    $bss_end, %ecx
    subl    %edi, %ecx
    shrl    $2, %ecx            /* both ends are 4-byte aligned: linker.ld */
    xorl    %eax, %eax
    rep stosl
    xorl    %ebp, %ebp          /* where backtraces end */
    call    boot_enter          /* does not return */
    .size image_entry, . - image_entry

    .section .noinit, "aw", @nobits
    .balign 16
    .globl boot_stack_bottom, boot_stack_top
boot_stack_bottom:
    .skip BOOT_STACK_SIZE
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
