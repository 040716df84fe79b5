/* Computes for ever; what is typed comes back, a byte at a time. */
#include "guest.inc"
#include "device.inc"
    init
    irq_gates
    find_device CONSOLE
    start_device
    ring    0
    descriptor 0, 0x300000, 1, WRITE
    ring    1
    descriptor 0, 0x300000, 1
    movw    $1, AVAIL_FLAGS(%ebp)
    sti
again:
    movl    $0, irqs
    ring    0
    offer   0
    kick
1:  cmpl    $0, irqs
    je      1b
    ring    1
    offer   0
    kick
    jmp     again
