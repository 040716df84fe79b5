/*
 * The tests of test_console.c once more, with devices that offer packed rings (offer_packed.c).
 */
#include "test_console.c"
