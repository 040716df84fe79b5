/*
 * From the kernel into the program's own code, which takes it that the stack is aligned as the
 * ABI has it (System V i386 ABI, 2.2.2); the kernel's own code keeps words only.
 */
    .section .text.program_call, "ax"
    .globl program_call
    .type program_call, @function
program_call:                   /* (uintptr_t top, void (*fn)(void), long a, long b, long c) */
    pushl   %ebp
    movl    %esp, %ebp
    movl    8(%ebp), %eax
    testl   %eax, %eax
    jz      1f
    movl    %eax, %esp
1:  andl    $-16, %esp
    subl    $4, %esp            /* with the three words below a multiple of 16 */
    pushl   24(%ebp)
    pushl   20(%ebp)
    pushl   16(%ebp)
    call    *12(%ebp)
    leave
    ret
    .size program_call, . - program_call

    .section .note.GNU-stack, "", @progbits
