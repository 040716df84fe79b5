/*
 * The terminal: the console device below, the line discipline between, and one struct file
 * above that descriptors 0, 1 and 2 share, as on a login. Whoever reads the terminal, and
 * whoever sleeps in a system call, takes the keys from the device; so ^C reaches a program that
 * waits for anything, and ends it with 130 unless it has a handler. One that computes notices
 * at its next wait.
 */
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lib/libc/abi.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"
#include "lib/libc/tty.h"
#include "lib/libc/tty_line.h"

#define CHUNK     64
#define TENTH_SEC (NSEC_PER_SEC / 10) /* the unit of VTIME */

static struct tty_line line;
static uint16_t rows, columns; /* as the program last could see them */

static void
echo(const char *text, size_t len)
{
    uint32_t cooked = ABI_OPOST | ABI_ONLCR;

    if ((line.termios.oflag & cooked) == cooked)
        console_write(text, len);
    else
        console_write_raw(text, len);
}

void
tty_listen(void)
{
    struct console_device *console = console_current();
    char keys[CHUNK];
    size_t n = 1;

    if (!console)
        return;
    for (unsigned i = 0; n > 0 && i < TTY_BUFFER / CHUNK; i++) {
        n = MIN(tty_line_room(&line), sizeof(keys));
        n = n ? console->read(console, keys, n) : 0;
        tty_line_input(&line, keys, n);
        /* Whoever is about to sleep listens first, and then the device has nothing to wake a
         * reader for: he, or another thread, must look at the line again. */
        if (n > 0)
            wake_all(&console->readable);
    }
    if (console->rows != rows || console->columns != columns) {
        rows = console->rows;
        columns = console->columns;
        signal_raise(ABI_SIGWINCH);
    }
}

/* ---- reading ---- */

/* How many keys end a wait, and until when: termios(3), "Canonical and noncanonical mode". */
static bool
enough(size_t len)
{
    if (line.termios.lflag & ABI_ICANON)
        return tty_line_readable(&line);
    return tty_line_count(&line) >= MIN(len, MAX(line.termios.cc[ABI_VMIN], 1));
}

static uint64_t
deadline(void)
{
    uint8_t least = line.termios.cc[ABI_VMIN], time = line.termios.cc[ABI_VTIME];

    if (line.termios.lflag & ABI_ICANON)
        return TIME_NEVER;
    if (time && (least == 0 || tty_line_readable(&line)))
        return clock_now() + time * TENTH_SEC;
    return least ? TIME_NEVER : 0;
}

static long
tty_read(struct file *file, void *to, size_t len)
{
    struct wait_queue *readable = file->changed;

    if (len == 0)
        return 0;
    for (tty_listen(); !enough(len); tty_listen()) {
        if (!readable)
            return 0; /* no console, no keys: the end of file */
        if (file->flags & FILE_O_NONBLOCK)
            return tty_line_readable(&line) ? (long)tty_line_read(&line, to, len) : -EAGAIN;
        int result = signal_wait_on(readable, deadline());
        if (result == -ETIMEDOUT)
            break;
        if (result)
            return result;
    }
    return (long)tty_line_read(&line, to, len);
}

static long
tty_write(struct file *file, const void *from, size_t len)
{
    (void)file;
    echo(from, len);
    return (long)len;
}

static unsigned
tty_poll(struct file *file)
{
    (void)file;
    tty_listen();
    return FILE_POLLOUT | (tty_line_readable(&line) ? FILE_POLLIN : 0);
}

/* ---- control ---- */

static int
set(const struct abi_termios *new, bool flush)
{
    tty_line_set(&line, new, flush);
    return 0;
}

static int
tty_ioctl(struct file *file, unsigned long request, void *argument)
{
    struct console_device *console = console_current();

    (void)file;
    switch (request) {
    case ABI_TCGETS:
        *(struct abi_termios *)argument = line.termios;
        return 0;
    case ABI_TCSETS:
    case ABI_TCSETSW: /* output never waits, so there is nothing to drain */
        return set(argument, false);
    case ABI_TCSETSF:
        return set(argument, true);
    case ABI_TIOCGWINSZ: /* zeroes where nobody knows, as on a serial line */
        *(struct abi_winsize *)argument = (struct abi_winsize){
            console ? console->rows : 0, console ? console->columns : 0, 0, 0};
        return 0;
    case ABI_FIONREAD:
        tty_listen();
        *(int *)argument = (int)tty_line_count(&line);
        return 0;
    case ABI_TCFLSH:
        tty_listen();
        if ((uintptr_t)argument != 1) /* not the output only */
            tty_line_flush(&line);
        return 0;
    case ABI_TIOCGPGRP:
        *(int *)argument = 1;
        return 0;
    case ABI_TIOCSPGRP:
    case ABI_TCSBRK:
    case ABI_TCXONC:
        return 0;
    default:
        return -ENOTTY;
    }
}

static int
tty_stat(struct file *file, struct file_stat *out)
{
    (void)file;
    *out = (struct file_stat){.mode = 0020620, .links = 1}; /* a character device, crw--w---- */
    return 0;
}

static const struct file_ops operations = {
    .kind = "terminal",
    .read = tty_read,
    .write = tty_write,
    .poll = tty_poll,
    .ioctl = tty_ioctl,
    .stat = tty_stat,
};

static struct file terminal = {.ops = &operations, .refs = 1, .flags = FILE_O_RDWR};

struct file *
tty_file(void)
{
    return &terminal;
}

void
tty_init(void)
{
    struct console_device *console = console_current();

    tty_line_init(&line, echo, signal_raise);
    if (console) {
        terminal.changed = &console->readable;
        rows = console->rows;
        columns = console->columns;
    }
    for (int fd = 0; fd < 3; fd++) {
        file_hold(&terminal);
        fd_install(&terminal, fd, false);
    }
}
