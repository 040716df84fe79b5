/*
 * What a program finds behind %gs:16. The trap code wants the stack as `int $0x80` leaves it, so that
 * is what is pushed here, without the exception, which under lguest would pass through the host's hands.
 * The instruction itself is there as well: a call that a signal interrupted is made again by going
 * back to it, two bytes before the place that both doors return to.
 */
#include "arch/x86/cpu/trap.h"

    .section .text.linux_entry, "ax"
    .globl linux_entry
    .type linux_entry, @function
linux_entry:
    pushfl
    pushl   %cs
    pushl   $1f
    pushl   $0                  /* no error code */
    pushl   $TRAP_SYSTEM_CALL
    jmp     trap_common
    int     $TRAP_SYSTEM_CALL
1:  ret
    .size linux_entry, . - linux_entry

/* Where a handler returns to that brought no way back itself: as C libraries' restorers. */
    .globl linux_return, linux_rt_return
linux_return:
    popl    %eax
    movl    $119, %eax          /* sigreturn */
    int     $TRAP_SYSTEM_CALL
linux_rt_return:
    movl    $173, %eax          /* rt_sigreturn */
    int     $TRAP_SYSTEM_CALL

    .section .note.GNU-stack, "", @progbits
