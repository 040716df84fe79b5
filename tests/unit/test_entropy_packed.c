/*
 * The tests of test_entropy.c once more, with devices that offer packed rings (offer_packed.c).
 */
#include "test_entropy.c"
