/* 100 000 hypercalls that do nothing; the text it leaves with says TSC cycles in units of 1024,
 * and kHz. */
#include "guest.inc"
    init
    movl    $100000, %edi
    rdtsc
    movl    %eax, %ebp
    movl    %edx, %esi
    movl    $LHCALL_FLUSH_TLB, %eax
    movl    $1, %ebx
1:  hypercall
    decl    %edi
    jnz     1b
    rdtsc
    subl    %ebp, %eax
    sbbl    %esi, %edx
    shrdl   $10, %edx, %eax
    movl    $trap_number, %edi
    call    put_hex
    movl    data + LGUEST_DATA_TSC_KHZ, %eax
    movl    $trap_error, %edi
    call    put_hex
    hcall   LHCALL_SHUTDOWN, $trap_text, $LGUEST_SHUTDOWN_POWEROFF
