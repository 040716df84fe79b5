/*
 * The gate's way in and out (gate.c tells what it is). The guest comes by a far jump to
 * gate_landing, in 64-bit mode and with every register its own. All is kept in `gate_state`, whose members
 * are at the offsets below, and none of it on a stack of the guest's.
 *
 * Signals may come at any instruction. Up to gate_resume they are marked and it goes on; from there
 * on whatever was restored is thrown away and gate_resume begins again, which is why it reads memory
 * and changes none but `inside`. No signal is left behind that came before the guest runs.
 */
#include "launcher/vcpu/selectors.h"

/* The vector registers of 32-bit code, to or from memory: the oldest instructions that take all of
 * each, since what is left out is lost when C code uses newer ones. */
    .macro  keep move, register
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
    \move  %\register\n, gate_state + GATE_VECTORS + 64 * \n(%rip)
    .endr
    .endm

    .macro  give_back move, register
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
    \move  gate_state + GATE_VECTORS + 64 * \n(%rip), %\register\n
    .endr
    .endm

    .text
    .globl gate_enter, gate_own, gate_resume, gate_left
    .type gate_enter, @function
gate_enter:
    movl    %edi, gate_state + GATE_REG(8)(%rip)
    movl    %esi, gate_state + GATE_REG(9)(%rip)
    movl    %ebp, gate_state + GATE_REG(10)(%rip)
    movl    %ebx, gate_state + GATE_REG(11)(%rip)
    movl    %edx, gate_state + GATE_REG(12)(%rip)
    movl    %eax, gate_state + GATE_REG(13)(%rip)
    movl    %ecx, gate_state + GATE_REG(14)(%rip)
    movl    %esp, gate_state + GATE_REG(15)(%rip)
    movl    %ss, %eax
    movl    %eax, gate_state + GATE_SS(%rip)
    movl    %fs, %eax
    movw    %ax, gate_state + GATE_FS(%rip)
    movq    gate_state + GATE_STACK(%rip), %rsp
    pushfq
    popq    gate_state + GATE_REG(17)(%rip)
    pushq   $2                  /* none of AC, DF and NT, which C and iretq do not bear */
    popfq
    rdfsbase %rax
    movq    %rax, gate_state + GATE_FS_BASE(%rip)
    stmxcsr gate_state + GATE_MXCSR(%rip)
    cmpb    $GATE_AVX, gate_state + GATE_WIDTH(%rip)
    jb      1f
    je      2f
    keep    vmovdqa64, zmm
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
    kmovq   %k\n, gate_state + GATE_MASKS + 8 * \n(%rip)
    .endr
    jmp     3f
2:  keep    vmovdqa, ymm
    jmp     3f
1:  keep    movdqa, xmm
3:  movb    $1, gate_state + GATE_FRESH(%rip)

again:
    movq    gate_state + GATE_STACK(%rip), %rsp
    movq    trap_fs_base(%rip), %rax
    wrfsbase %rax               /* the C library's; the selector stays the guest's */
gate_own:
    movb    $1, gate_state + GATE_INSIDE(%rip)
    call    gate_serve

gate_resume:
    cmpl    $0, gate_state + GATE_DEFERRED(%rip)
    jne     again
    movb    $0, gate_state + GATE_INSIDE(%rip)
    ldmxcsr gate_state + GATE_MXCSR(%rip)
    cmpb    $GATE_AVX, gate_state + GATE_WIDTH(%rip)
    jb      1f
    je      2f
    give_back vmovdqa64, zmm
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
    kmovq   gate_state + GATE_MASKS + 8 * \n(%rip), %k\n
    .endr
    jmp     3f
2:  give_back vmovdqa, ymm
    jmp     3f
1:  give_back movdqa, xmm
3:  movl    %fs, %ecx
    movzwl  gate_state + GATE_FS(%rip), %eax
    cmpl    %eax, %ecx
    jne     4f
    movq    gate_state + GATE_FS_BASE(%rip), %rax
    wrfsbase %rax
    jmp     5f
4:  movl    %eax, %fs           /* another view's, or a handler has taken it away */
5:
    movl    gate_state + GATE_REG(8)(%rip), %edi
    movl    gate_state + GATE_REG(9)(%rip), %esi
    movl    gate_state + GATE_REG(10)(%rip), %ebp
    movl    gate_state + GATE_REG(11)(%rip), %ebx
    movl    gate_state + GATE_REG(12)(%rip), %edx
    movl    gate_state + GATE_REG(13)(%rip), %eax
    movl    gate_state + GATE_REG(14)(%rip), %ecx
    leaq    gate_state + GATE_FRAME(%rip), %rsp
    iretq
gate_left:

/*
 * int gate_ppoll(struct pollfd *, unsigned n): sleeps until a descriptor is ready, or until a signal
 * was marked; negative errno. Between the look at the marks and the call there is no place for
 * a signal to get lost in: the handler goes on at gate_awake from anywhere in between, as the
 * kernel does for one that comes during the call.
 */
    .globl gate_ppoll, gate_asleep, gate_awake
    .type gate_ppoll, @function
gate_ppoll:
    xorl    %edx, %edx          /* no time limit */
    xorl    %r10d, %r10d        /* and the signals as they are: let in */
    movl    $SYS_PPOLL, %eax
gate_asleep:
    cmpl    $0, gate_state + GATE_DEFERRED(%rip)
    jne     1f
    syscall
gate_awake:
    ret
1:  movq    $-ERROR_INTERRUPTED, %rax
    ret

/* What is copied to where the guest lands; the address it reads is a page behind it. */
    .globl gate_landing, gate_landing_end
gate_landing:
    jmp     *(gate_landing + PAGE_BYTES)(%rip)
gate_landing_end:

    .section .note.GNU-stack, "", @progbits
