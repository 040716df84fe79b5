/* The console as the program's standard input, output and error. */
#ifndef LIBC_TTY_H
#define LIBC_TTY_H

#include "lib/libc/file.h"
#include "lib/libc/tty_line.h"

/* The one terminal, for tty.c and tty_input.c. */
extern struct tty {
    struct tty_line line;
    uint16_t rows, columns; /* as the program last could see them */
} tty;

/* Descriptors 0, 1 and 2; called once, before the program starts. */
void tty_init(void);
/* The terminal's file, for lib/fs to open /dev/tty and /dev/console: file_hold it. */
struct file *tty_file(void);

/* Hand the keys that the device has to the line discipline; echoes, and may raise SIGINT. In
 * tty_input.c, which comes along with whoever calls this or needs the part "keys". */
void tty_listen(void);
/* Its operations (struct file_ops; of poll the input half), absent where it is. */
__attribute__((weak)) long tty_read(struct file *, void *to, size_t len);
__attribute__((weak)) unsigned tty_poll(struct file *);
__attribute__((weak)) int tty_input_ioctl(unsigned long request, void *argument);

#endif
