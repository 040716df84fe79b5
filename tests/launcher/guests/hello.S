/* INIT, a line by the early console, and off. */
#include "guest.inc"
    init
    print   "hello\n"
    PASS
