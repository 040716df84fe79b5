/*
 * The first instructions of every trap. Each vector has a stub that brings the stack to one
 * shape (the CPU pushes an error code for some exceptions only: Intel SDM vol. 3, 6.3.1) and
 * names itself; the rest is common. See struct trap_frame.
 */
#include "arch/x86/cpu/trap.h"

/* Vectors whose exceptions push an error code: 8, 10 to 14, 17, 21 (SDM vol. 3, table 6-1),
 * and 29, 30 on AMD. */
#define HAS_ERROR_CODE 0x60227d00

    .section .text.trap_stubs, "ax"
    .globl trap_stubs
    .type trap_stubs, @function
    .balign TRAP_STUB_SIZE
trap_stubs:
    .set    vector, 0
    .rept   TRAP_STUBS
    .balign TRAP_STUB_SIZE
    pushl   $vector
    .if     (vector > 31) || !((HAS_ERROR_CODE >> (vector & 31)) & 1)
    jmp     without_error_code
    .else
    jmp     trap_common
    .endif
    .set    vector, vector + 1
    .endr
    .size trap_stubs, . - trap_stubs

    .globl trap_system_call_stub
    .type trap_system_call_stub, @function
trap_system_call_stub:
    pushl   $0
    pushl   $TRAP_SYSTEM_CALL
    jmp     trap_common
    .size trap_system_call_stub, . - trap_system_call_stub

    .type without_error_code, @function
without_error_code:
    pushl   (%esp)              /* the vector moves down ... */
    movl    $0, 4(%esp)         /* ... and a code of 0 goes where it was */
    .size without_error_code, . - without_error_code

    .globl trap_common
    .type trap_common, @function
trap_common:
    pushal
    cld
    movl    %esp, %ebx          /* callee-saved: the frame, whatever alignment does */
    movl    trap_stack, %esi    /* as well */
    testl   %esi, %esi
    jz      1f
    movl    %esi, %eax
    subl    %esp, %eax
    cmpl    $TRAP_STACK_NEAR, %eax
    jb      1f                  /* between two of the lines that change stacks: there already */
    movl    %esi, %esp
1:
    movl    $0, trap_stack
    /* A stack frame like a function's, whose return address is the interrupted instruction,
     * so that a backtrace from a handler walks on into the interrupted code. */
    pushl   40(%ebx)            /* frame->eip */
    pushl   %ebp
    movl    %esp, %ebp
    subl    $TRAP_FRAME_SIZE + 8, %esp
    andl    $-16, %esp          /* the ABI's alignment at a call, with two arguments and the second frame */
    movl    %ebx, (%esp)
    leal    8(%esp), %edi       /* as well */
    movl    %edi, 4(%esp)
    call    trap_dispatch
    cmpl    %edi, %eax
    jne     2f
    /* To right below the stack pointer that it asks for. Ours stays below both, since a platform may have
     * interrupts on here. */
    movl    %esi, %edx
    movl    %eax, %esi
    movl    12(%esi), %edi
    subl    $TRAP_FRAME_SIZE, %edi
    movl    %edi, %eax
    movl    $TRAP_FRAME_SIZE / 4, %ecx
    cmpl    %edi, %esp
    jbe     1f
    movl    %edi, %esp
1:  cmpl    %esi, %edi
    jb      1f
    addl    $TRAP_FRAME_SIZE - 4, %esi
    addl    $TRAP_FRAME_SIZE - 4, %edi
    std
1:  rep movsl
    cld
    movl    %edx, %esi
2:
    movl    %esi, trap_stack
    movl    %eax, %esp          /* a frame, not always the one that came */
    popal
    addl    $8, %esp            /* vector and error code */
    .globl trap_iret
trap_iret:
    iret
    .size trap_common, . - trap_common

    .globl trap_resume
    .type trap_resume, @function
trap_resume:                    /* (struct trap_frame *frame, uintptr_t stack) */
    movl    4(%esp), %eax
    movl    8(%esp), %esi
    jmp     2b
    .size trap_resume, . - trap_resume

    .section .note.GNU-stack, "", @progbits
