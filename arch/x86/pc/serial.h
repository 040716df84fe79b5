/*
 * The PC's first serial port: the early console, and a console device of the lowest rank.
 */
#ifndef ARCH_X86_PC_SERIAL_H
#define ARCH_X86_PC_SERIAL_H

#include <stddef.h>

/* See early_write and early_console of struct platform. Without a port both do nothing. */
void serial_early_write(const char *text, size_t len);
void serial_early_console(void);

#endif
