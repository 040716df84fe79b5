/*
 * The tests of test_core.c once more, with devices that offer packed rings; unit.mk has the flag.
 */
#include "test_core.c"
