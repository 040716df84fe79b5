/*
 * The tests of test_core.c once more, with devices that offer packed rings (offer_packed.c).
 */
#include "test_core.c"
