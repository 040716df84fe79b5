/*
 * Changing stacks (kernel/cpu.h). A switch is a function call that returns in another thread,
 * so only what the ABI calls callee-saved has to be kept (System V i386 ABI, 2.2.1). Of the
 * floating-point state that leaves the two control words, which a program changes for all of
 * its threads or not at all; they stay what the last thread made them.
 */

    .section .text.cpu_switch, "ax"
    .globl cpu_switch
    .type cpu_switch, @function
cpu_switch:                     /* (uintptr_t *save, uintptr_t load) */
    movl    4(%esp), %eax
    movl    8(%esp), %edx
    pushl   %ebp
    pushl   %ebx
    pushl   %esi
    pushl   %edi
    movl    %esp, (%eax)
    movl    %edx, %esp
    popl    %edi
    popl    %esi
    popl    %ebx
    popl    %ebp
    ret
    .size cpu_switch, . - cpu_switch

/*
 * What cpu_switch pops, above it the address that its ret takes, and the return address that
 * start() will find, which is 0: there backtraces end. start() thus begins with its stack
 * pointer 4 below a multiple of 16, as after any call.
 */
    .section .text.cpu_stack_prepare, "ax"
    .globl cpu_stack_prepare
    .type cpu_stack_prepare, @function
cpu_stack_prepare:              /* (uintptr_t top, void (*start)(void)) */
    movl    4(%esp), %eax
    movl    8(%esp), %edx
    subl    $24, %eax
    movl    $0, (%eax)          /* edi */
    movl    $0, 4(%eax)         /* esi */
    movl    $0, 8(%eax)         /* ebx */
    movl    $0, 12(%eax)        /* ebp */
    movl    %edx, 16(%eax)
    movl    $0, 20(%eax)
    ret
    .size cpu_stack_prepare, . - cpu_stack_prepare

    .section .text.cpu_call_on, "ax"
    .globl cpu_call_on
    .type cpu_call_on, @function
cpu_call_on:                    /* (uintptr_t top, void (*fn)(void *), void *arg) */
    pushl   %ebp
    movl    %esp, %ebp
    movl    8(%ebp), %esp
    andl    $-16, %esp
    subl    $12, %esp
    pushl   16(%ebp)
    call    *12(%ebp)
    movl    %ebp, %esp
    popl    %ebp
    ret
    .size cpu_call_on, . - cpu_call_on

    .section .note.GNU-stack, "", @progbits
