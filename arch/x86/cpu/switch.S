/*
 * Changing stacks (kernel/cpu.h). A switch is a function call that returns in another thread,
 * so only what the ABI calls callee-saved has to be kept (System V i386 ABI, 2.2.1). Of the
 * floating-point state that leaves the two control words; a new thread inherits those of its
 * maker.
 */

/* Into or out of the two words at a register, as far as this CPU has them (cpu.h). None of these
 * instructions changes the flags of the comparison. */
    .macro  control_words x87, sse, at
    cmpb    $1, cpu_fpu_words
    jb      1f
    \x87    (\at)
    je      1f
    \sse    4(\at)
1:
    .endm

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
    subl    $8, %esp
    control_words fnstcw, stmxcsr, %esp
    movl    %esp, (%eax)
    movl    %edx, %esp
    control_words fldcw, ldmxcsr, %esp
    addl    $8, %esp
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
    subl    $32, %eax
    control_words fnstcw, stmxcsr, %eax
    movl    $0, 8(%eax)         /* edi */
    movl    $0, 12(%eax)        /* esi */
    movl    $0, 16(%eax)        /* ebx */
    movl    $0, 20(%eax)        /* ebp */
    movl    %edx, 24(%eax)
    movl    $0, 28(%eax)
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
