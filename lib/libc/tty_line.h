/*
 * The line discipline: what lies between the keys that a person presses and the bytes that a
 * program reads. It edits a line and echoes it, or, when the program has switched that off,
 * passes every key on. It knows no device, so the unit test drives it with bytes.
 */
#ifndef LIBC_TTY_LINE_H
#define LIBC_TTY_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/libc/abi.h"

#define TTY_BUFFER 1024 /* keys that nobody has read yet; a power of two */

/*
 * Keys wait in a ring. [tail, ready) can be read; [ready, head) is the line that is being
 * edited, empty outside of canonical mode. The numbers only grow; a place is number modulo
 * size. TTY_END stands where the person said "end of file".
 */
#define TTY_END 0x100

struct tty_line {
    struct abi_termios termios;
    uint16_t keys[TTY_BUFFER];
    uint32_t tail, ready, head;
    void (*echo)(const char *text, size_t len);
    void (*signal)(int number);
};

/* The usual settings: whole lines, echo, ^C interrupts; "\r" in is "\n", "\n" out "\r\n". */
void tty_line_init(struct tty_line *, void (*echo)(const char *, size_t), void (*signal)(int));
/* Keys from the device; those that do not fit are dropped, with a bell. */
void tty_line_input(struct tty_line *, const char *keys, size_t n);
/* How many keys tty_line_input surely takes, so that a device can keep the rest. */
size_t tty_line_room(const struct tty_line *);
/* True if there is something to read: a whole line, an end of file, or a single key. */
bool tty_line_readable(const struct tty_line *);
/*
 * Take what a read gets: at most one line, or up to `len` single keys. 0 is the end of file,
 * so only call it when there is something.
 */
size_t tty_line_read(struct tty_line *, char *to, size_t len);
/* Bytes that FIONREAD reports. */
size_t tty_line_count(const struct tty_line *);
/* New settings; `flush` forgets the keys that nobody has read. */
void tty_line_set(struct tty_line *, const struct abi_termios *, bool flush);
void tty_line_flush(struct tty_line *);

#endif
