/*
 * Linked into programs that include headers of the kernel, and into no others: program.c looks
 * whether it is there.
 */
extern const char program_calls_kernel[];

const char program_calls_kernel[1] = {0};
