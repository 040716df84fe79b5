/*
 * The tests of the packed ring once more, for the build that optimises across files (checklist
 * row 4); unit.mk has its flags.
 */
#include "test_packed.c"
