/*
 * The tests of test_net.c once more, with devices that offer packed rings; unit.mk has the flag.
 */
#include "test_net.c"
