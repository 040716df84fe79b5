/*
 * The tests of test_net.c once more, with devices that offer packed rings (offer_packed.c).
 */
#include "test_net.c"
