/*
 * The one part of the log that is kmain's: everything else is in kernel/kernel.h.
 */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

/* Obey the command line's word log=. */
void log_init(void);

#endif
