/*
 * The tests of test_console.c once more, with devices that offer packed rings; unit.mk has the flag.
 */
#include "test_console.c"
