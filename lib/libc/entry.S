/*
 * The fast way into a system call. musl does `call *%gs:16` with the number in eax and the
 * arguments in ebx, ecx, edx, esi, edi and ebp, and expects every register but eax back, as
 * from Linux's vsyscall page. It is a function call and nothing more: no trap, and the same
 * stack.
 */
    .section .text.syscall_entry, "ax"
    .globl syscall_entry
    .type syscall_entry, @function
syscall_entry:
    pushl   %ebp                /* the sixth argument; in calls with fewer, and so nearly
                                 * always, the caller's frame: backtraces go on through it */
    movl    %esp, %ebp
    pushl   %ecx
    pushl   %edx
    subl    $8, %esp
    andl    $-16, %esp          /* the ABI's alignment at a call, with the eight words below */
    pushl   4(%ebp)             /* the return address */
    pushl   (%ebp)
    pushl   %edi
    pushl   %esi
    pushl   %edx
    pushl   %ecx
    pushl   %ebx
    pushl   %eax
    call    syscall_dispatch
    movl    -4(%ebp), %ecx
    movl    -8(%ebp), %edx
    leave
    ret
    .size syscall_entry, . - syscall_entry

    .section .note.GNU-stack, "", @progbits
