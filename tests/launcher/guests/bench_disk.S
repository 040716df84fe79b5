/*
 * 32 768 reads of 4 KiB from a disk of 64 MiB, so many at a time as the command line's first two
 * digits say, one after the other ("s") or anywhere ("r"). The text it leaves with says TSC
 * cycles in units of 1024, and kHz.
 */
#include "guest.inc"
#include "device.inc"
    .equ    REQUESTS, 32768
    .equ    HEADERS, 0x300000           /* 32 bytes each: the header, the status byte */
    .equ    BUFFERS, 0x400000

    init
    irq_gates
    find_device BLOCK
    start_device 0x204
    ring    0
    movzbl  0x1000, %eax
    subl    $'0', %eax
    imull   $10, %eax
    movzbl  0x1001, %ecx
    leal    -'0'(%eax, %ecx), %eax
    movl    %eax, at_once

    xorl    %ecx, %ecx                  /* three descriptors for each request */
1:  imull   $48, %ecx, %ebx
    addl    %ebp, %ebx
    movl    %ecx, %eax
    shll    $5, %eax
    addl    $HEADERS, %eax
    movl    %eax, (%ebx)
    movl    $16, 8(%ebx)
    addl    $16, %eax
    movl    %eax, 32(%ebx)
    movl    $1, 40(%ebx)
    movl    %ecx, %eax
    shll    $12, %eax
    addl    $BUFFERS, %eax
    movl    %eax, 16(%ebx)
    movl    $4096, 24(%ebx)
    leal    (%ecx, %ecx, 2), %eax
    movw    $NEXT, 12(%ebx)
    incl    %eax
    movw    %ax, 14(%ebx)
    movw    $NEXT + WRITE, 28(%ebx)
    incl    %eax
    movw    %ax, 30(%ebx)
    movw    $WRITE, 44(%ebx)
    incl    %ecx
    cmpl    at_once, %ecx
    jb      1b

    sti
    rdtsc
    movl    %eax, begin
    movl    %edx, begin + 4
batch:
    xorl    %ecx, %ecx
2:  movl    done, %eax
    addl    %ecx, %eax
    cmpb    $'r', 0x1002
    jne     3f
    imull   $2654435761, %eax
    shrl    $7, %eax
3:  andl    $16383, %eax
    shll    $3, %eax                    /* sectors */
    movl    %ecx, %ebx
    shll    $5, %ebx
    movl    %eax, HEADERS + 8(%ebx)
    movb    $0xff, HEADERS + 16(%ebx)
    movzbl  AVAIL_IDX(%ebp), %edx
    leal    (%ecx, %ecx, 2), %eax
    movw    %ax, AVAIL_RING(%ebp, %edx, 2)
    incw    AVAIL_IDX(%ebp)
    incl    %ecx
    cmpl    at_once, %ecx
    jb      2b
    addl    %ecx, done
    kick
4:  movw    AVAIL_IDX(%ebp), %ax
    cmpw    %ax, USED_IDX(%ebp)
    je      5f
    hcall   LHCALL_HALT
    jmp     4b
5:  cmpb    $0, HEADERS + 16
    expect  e, 2
    cmpl    $REQUESTS, done
    jb      batch

    rdtsc
    subl    begin, %eax
    sbbl    begin + 4, %edx
    shrdl   $10, %edx, %eax
    movl    $trap_number, %edi
    call    put_hex
    movl    data + LGUEST_DATA_TSC_KHZ, %eax
    movl    $trap_error, %edi
    call    put_hex
    hcall   LHCALL_SHUTDOWN, $trap_text, $LGUEST_SHUTDOWN_POWEROFF

    .data
at_once: .long 0
done:   .long 0
begin:  .long 0, 0
