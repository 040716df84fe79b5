/* Locks on files (locks.c), in programs that lock. */
#ifndef LIBC_LOCKS_H
#define LIBC_LOCKS_H

#include "lib/libc/file.h"

/* fcntl with F_GETLK64, F_SETLK64, F_SETLKW64 or F_OFD_*; may block. */
__attribute__((weak)) long locks_control(struct file *, int command, void *argument);
/* The file is closed: its locks are gone. */
__attribute__((weak)) void locks_forget(struct file *);

#endif
