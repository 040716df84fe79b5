/*
 * The terminal's keys and settings. Whoever reads the terminal, and whoever sleeps in a system call,
 * takes the keys from the device; so ^C reaches a program that waits for anything, and ends it with
 * 130 unless it has a handler. One that computes notices at its next wait. Linked only into
 * programs that read, sleep or ask for settings.
 */
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lib/libc/abi.h"
#include "lib/libc/part.h"
#include "lib/libc/signal.h"
#include "lib/libc/tty.h"
#include "lib/libc/tty_line.h"

PART(keys);

#define CHUNK     64
#define TENTH_SEC (NSEC_PER_SEC / 10) /* the unit of VTIME */

static struct {
    struct tty_line line;
    uint16_t rows, columns; /* as the program last could see them */
} tty;

/* What is typed is shown as far as there is room: nobody who types waits for it. */
static void
echo(const char *text, size_t len)
{
    (void)console_write(text, len, tty_verbatim);
}

void
tty_input_init(void)
{
    struct console_device *console = console_current();

    tty_line_init(&tty.line, echo, signal_raise);
    if (!console)
        return;
    tty.rows = console->rows;
    tty.columns = console->columns;
}

void
tty_listen(void)
{
    struct console_device *console = console_current();
    char keys[CHUNK];
    size_t n = 1;

    if (!console || console_raw)
        return;
    for (unsigned i = 0; n > 0 && i < TTY_BUFFER / CHUNK; i++) {
        n = MIN(tty_line_room(&tty.line), sizeof(keys));
        n = n ? console->read(console, keys, n) : 0;
        tty_line_input(&tty.line, keys, n);
        /* Whoever is about to sleep listens first, and then the device has nothing to wake a
         * reader for: he, or another thread, must look at the line again. */
        if (n > 0)
            wake_all(&console->changed);
    }
    if (console->rows != tty.rows || console->columns != tty.columns) {
        tty.rows = console->rows;
        tty.columns = console->columns;
        signal_raise(ABI_SIGWINCH);
    }
}

/* ---- reading ---- */

/* How many keys end a wait, and until when: termios(3), "Canonical and noncanonical mode". */
static bool
enough(size_t len)
{
    if (tty.line.termios.lflag & ABI_ICANON)
        return tty_line_readable(&tty.line);
    return tty_line_count(&tty.line) >= MIN(len, MAX(tty.line.termios.cc[ABI_VMIN], 1));
}

static uint64_t
deadline(void)
{
    uint8_t least = tty.line.termios.cc[ABI_VMIN], time = tty.line.termios.cc[ABI_VTIME];

    if (tty.line.termios.lflag & ABI_ICANON)
        return TIME_NEVER;
    if (time && (least == 0 || tty_line_readable(&tty.line)))
        return clock_now() + time * TENTH_SEC;
    return least ? TIME_NEVER : 0;
}

long
tty_read(struct file *file, void *to, size_t len)
{
    struct wait_queue *readable = file->changed;

    if (console_raw)
        return tty_raw_read(file, to, len);
    if (len == 0)
        return 0;
    for (tty_listen(); !enough(len); tty_listen()) {
        if (!readable)
            return 0; /* no console, no keys: the end of file */
        if (file->flags & FILE_O_NONBLOCK)
            return tty_line_readable(&tty.line) ? (long)tty_line_read(&tty.line, to, len)
                                                : -EAGAIN;
        int result = signal_wait_on(readable, deadline());
        if (result == -ETIMEDOUT)
            break;
        if (result)
            return result;
    }
    return (long)tty_line_read(&tty.line, to, len);
}

unsigned
tty_poll(struct file *file)
{
    (void)file;
    if (console_raw)
        return tty_raw_poll();
    tty_listen();
    return tty_line_readable(&tty.line) ? FILE_POLLIN : 0;
}

/* ---- control ---- */

/* Until the host has taken what was written. */
static int
drain(void)
{
    while (console_busy()) {
        int error = signal_wait_on(&console_current()->changed, TIME_NEVER);
        if (error)
            return error;
    }
    return 0;
}

static int
set(const struct abi_termios *new, bool flush)
{
    tty_line_set(&tty.line, new, flush);
    tty_verbatim = ~new->oflag & (ABI_OPOST | ABI_ONLCR);
    return 0;
}

int
tty_input_ioctl(unsigned long request, void *argument)
{
    int error;

    if (console_raw && request != ABI_FIONREAD)
        return -ENOTTY;
    switch (request) {
    case ABI_TCGETS:
        *(struct abi_termios *)argument = tty.line.termios;
        return 0;
    case ABI_TCSETS:
        return set(argument, false);
    case ABI_TCSETSW:
    case ABI_TCSETSF:
        error = drain();
        return error ? error : set(argument, request == ABI_TCSETSF);
    case ABI_TIOCGPGRP:
        *(int *)argument = 1;
        return 0;
    case ABI_TCSBRK: /* with an argument it is tcdrain, and a break else */
        return argument ? drain() : 0;
    case ABI_TIOCSPGRP:
    case ABI_TCXONC:
        return 0;
    case ABI_FIONREAD:
        tty_listen();
        *(int *)argument = (int)(console_raw ? tty_raw_count() : tty_line_count(&tty.line));
        return 0;
    case ABI_TCFLSH:
        tty_listen();
        if ((uintptr_t)argument != 1) /* not the output only */
            tty_line_flush(&tty.line);
        return 0;
    default:
        return -ENOTTY;
    }
}
