/*
 * Random descriptors, mostly near to good ones, offered and kicked until the host has had
 * enough. The command line says which device type, queue and seed: three 8-digit hexadecimal
 * numbers with a character between them.
 */
#include "guest.inc"
#include "device.inc"
    .macro  argument n, to
    movl    $0x1000 + 9 * \n, %esi
    call    read_hex
    movl    %eax, \to
    .endm

    init
    argument 0, type
    argument 1, queue
    argument 2, seed
    movl    BOOT_PARAMS_E820 + 8, %edi
1:  movzbl  (%edi), %eax
    cmpl    type, %eax
    je      2f
    testl   %eax, %eax
    expect  nz, 90
    call    next_device
    jmp     1b
2:  start_device -1
    movl    queue, %eax
    movl    DESC_QUEUES + 4(%edi, %eax, 8), %ebp
    shll    $12, %ebp
    xorl    %ecx, %ecx
3:  call    random                      /* every slot offers one of eight heads */
    andl    $7, %eax
    movw    %ax, AVAIL_RING(%ebp, %ecx, 2)
    incl    %ecx
    cmpl    $256, %ecx
    jb      3b
    movl    $64, rounds
round:
    movl    %ebp, %ebx
    call    fill_table
    movl    $0x380000, %ebx             /* and a table that may serve as an indirect one */
    call    fill_table
    call    random
    andl    $3, %eax
    addw    %ax, AVAIL_IDX(%ebp)
    kick
    decl    rounds
    jnz     round
    pass

/* 8 descriptors at ebx */
fill_table:
    movl    $8, %ecx
4:  call    random
    andl    $0x0000fff0, %eax
    addl    $0x300000, %eax
    movl    %eax, (%ebx)
    movl    $0, 4(%ebx)
    call    random
    andl    $0x7ff, %eax
    movl    %eax, 8(%ebx)
    call    random
    movl    %eax, %edx
    andl    $3, %eax                    /* NEXT, WRITE */
    movw    %ax, 12(%ebx)
    shrl    $8, %edx
    andl    $7, %edx
    movw    %dx, 14(%ebx)
    call    random
    andl    $0xff, %eax
    cmpl    $4, %eax                    /* seldom something worse */
    ja      5f
    call    random
    movl    %eax, 8(%ebx)
5:  call    random
    andl    $0x3f, %eax
    jnz     6f
    movl    $0x380000, (%ebx)
    movl    $128, 8(%ebx)
    movw    $INDIRECT, 12(%ebx)
6:  call    random
    andl    $0xff, %eax
    jnz     7f
    call    random
    movl    %eax, (%ebx)
7:  addl    $16, %ebx
    decl    %ecx
    jnz     4b
    ret

/* xorshift32 (Marsaglia) */
random:
    movl    seed, %eax
    movl    %eax, %edx
    shll    $13, %edx
    xorl    %edx, %eax
    movl    %eax, %edx
    shrl    $17, %edx
    xorl    %edx, %eax
    movl    %eax, %edx
    shll    $5, %edx
    xorl    %edx, %eax
    movl    %eax, seed
    ret

read_hex:
    xorl    %eax, %eax
    movl    $8, %ecx
8:  shll    $4, %eax
    movzbl  (%esi), %edx
    subl    $'0', %edx
    cmpl    $9, %edx
    jbe     9f
    subl    $'a' - '0' - 10, %edx
9:  addl    %edx, %eax
    incl    %esi
    decl    %ecx
    jnz     8b
    ret

    .data
type:   .long 0
queue:  .long 0
seed:   .long 0
rounds: .long 0
