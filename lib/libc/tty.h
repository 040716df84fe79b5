/* The console as the program's standard input, output and error. */
#ifndef LIBC_TTY_H
#define LIBC_TTY_H

#include "lib/libc/file.h"

/* Descriptors 0, 1 and 2; called once, before the program starts. */
void tty_init(void);
/* The terminal's file, for lib/fs to open /dev/tty and /dev/console: file_hold it. */
struct file *tty_file(void);

/* Output leaves as it is, without a "\r" before each "\n". */
extern bool tty_verbatim;

/* Hand the keys that the device has to the line discipline; echoes, and may raise SIGINT. In
 * tty_input.c, which comes along with whoever calls this or needs the part "keys". */
void tty_listen(void);
/* The same without a line discipline, for a console of bytes (console_raw). tty_raw.c. */
long tty_raw_read(struct file *, void *to, size_t len);
unsigned tty_raw_poll(void);
size_t tty_raw_count(void);
/* Take the marks out of bytes: how many are left. *marked: the last byte was half a mark; *ended is
 * set by the mark of the end, behind which there is nothing. */
size_t tty_raw_unmark(char *bytes, size_t n, bool *marked, bool *ended);
/* Its operations (struct file_ops; of poll the input half), and what tty_init calls; absent where it
 * is. */
__attribute__((weak)) void tty_input_init(void);
__attribute__((weak)) long tty_read(struct file *, void *to, size_t len);
__attribute__((weak)) unsigned tty_poll(struct file *);
__attribute__((weak)) int tty_input_ioctl(unsigned long request, void *argument);

#endif
