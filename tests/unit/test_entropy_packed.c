/*
 * The tests of test_entropy.c once more, with devices that offer packed rings; unit.mk has the flag.
 */
#include "test_entropy.c"
