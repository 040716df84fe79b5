/*
 * The tests of test_block_life.c once more, with devices that offer packed rings (offer_packed.c).
 */
#include "test_block_life.c"
