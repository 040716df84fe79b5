/*
 * What C cannot say: the first entry into the guest, the way into a signal handler while the
 * guest's segment registers are live, and the one i386 system call.
 */
#include "launcher/vcpu/selectors.h"

    .text

/*
 * void enter_guest(uint32_t entry): ring 3 in the near segments, all registers 0. The C
 * library's FS base goes to trap_fs_base first: it is restored at every exit.
 */
    .globl enter_guest
    .type enter_guest, @function
enter_guest:
    movl    $NEAR_DS, %eax
    pushq   %rax                /* ss */
    pushq   $0                  /* rsp */
    pushq   $0x202              /* rflags: IF and the bit that is always set */
    pushq   $NEAR_CS
    movl    %edi, %edi
    pushq   %rdi                /* rip */
    movl    %eax, %ds
    movl    %eax, %es
    xorl    %eax, %eax
    movl    %eax, %fs
    movl    %eax, %gs
    xorl    %ebx, %ebx
    xorl    %ecx, %ecx
    xorl    %edx, %edx
    xorl    %esi, %esi
    xorl    %edi, %edi
    xorl    %ebp, %ebp
    iretq

/*
 * The handler of every signal: (signal, siginfo, ucontext). FS still is the guest's, and the
 * C library finds its thread data through it, so it comes first: selector 0, then the base,
 * which then stays whatever the scheduler does. The guest's selector goes to C as the fourth
 * argument, which answers with the one to load again: only then does its base come back.
 * The flag for alignment checks is the guest's too, and our code is not all aligned.
 */
    .globl trap_entry
    .type trap_entry, @function
trap_entry:
    pushq   %rbx
    pushfq
    andl    $~EFLAGS_AC, (%rsp)
    popfq
    movl    %fs, %ebx
    movl    %ebx, %ecx
    xorl    %eax, %eax
    movl    %eax, %fs
    movq    trap_fs_base(%rip), %rax
    cmpb    $0, trap_has_fsgsbase(%rip)
    je      1f
    wrfsbase %rax
2:  call    trap_handle
    testl   %eax, %eax
    jz      3f
    movl    %eax, %fs
3:  popq    %rbx
    ret
1:  pushq   %rdi
    pushq   %rsi
    pushq   %rdx
    pushq   %rcx
    movq    %rax, %rsi
    movl    $LINUX_ARCH_SET_FS, %edi
    movl    $SYS_ARCH_PRCTL, %eax
    syscall
    popq    %rcx
    popq    %rdx
    popq    %rsi
    popq    %rdi
    jmp     2b

/*
 * long segments_set_thread_area(uint32_t user_desc): the filter allows this i386 call when it
 * returns to segments_tls_call and from nowhere else, so a guest's own int $0x80 with the same
 * number stays a trap.
 */
    .globl segments_set_thread_area
    .type segments_set_thread_area, @function
segments_set_thread_area:
    pushq   %rbx
    movl    %edi, %ebx
    movl    $I386_SET_THREAD_AREA, %eax
    int     $0x80
    .globl segments_tls_call
segments_tls_call:
    cltq
    popq    %rbx
    ret

    .section .note.GNU-stack, "", @progbits
