/* The console as the program's standard input, output and error. */
#ifndef LIBC_TTY_H
#define LIBC_TTY_H

#include "lib/libc/file.h"

/* Descriptors 0, 1 and 2; called once, before the program starts. */
void tty_init(void);
/* Hand the keys that the device has to the line discipline; echoes, and may raise SIGINT. */
void tty_listen(void);
/* The terminal's file, for lib/fs to open /dev/tty and /dev/console: file_hold it. */
struct file *tty_file(void);

#endif
