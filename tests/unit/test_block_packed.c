/*
 * The tests of test_block.c once more, with devices that offer packed rings; unit.mk has the flag.
 */
#include "test_block.c"
