/*
 * The terminal: the console device below, the line discipline between, and one struct file
 * above that descriptors 0, 1 and 2 share, as on a login. What every program can do with it is
 * here: write, and ask for the settings. tty_input.c has the keys.
 */
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lib/libc/abi.h"
#include "lib/libc/signal.h"
#include "lib/libc/tty.h"

__attribute__((weak)) int signal_wait_on(struct wait_queue *q, uint64_t deadline);

struct tty tty;

static bool
is_raw(void)
{
    uint32_t cooked = ABI_OPOST | ABI_ONLCR;

    return (tty.line.termios.oflag & cooked) != cooked;
}

/* What is typed is shown as far as there is room: nobody who types waits for it. */
static void
echo(const char *text, size_t len)
{
    (void)console_write(text, len, is_raw());
}

/* Signals and keys end the wait in programs that know of either; others do not get them for it. */
static int
wait(struct wait_queue *q)
{
    return signal_wait_on ? signal_wait_on(q, TIME_NEVER) : wait_on(q, TIME_NEVER);
}

/* All of it, however long the host lets us wait; with O_NONBLOCK what it takes now. */
static long
tty_write(struct file *file, const void *from, size_t len)
{
    size_t done = 0;

    while (done < len) {
        size_t n = console_write((const char *)from + done, len - done, is_raw());
        done += n;
        if (n > 0)
            continue;
        if (file->flags & FILE_O_NONBLOCK) {
            thread_yield();
            return done ? (long)done : -EAGAIN;
        }
        int error = wait(file->changed);
        if (error)
            return done ? (long)done : error;
    }
    return (long)len;
}

/* Until the host has taken what was written. */
static int
drain(void)
{
    while (console_busy()) {
        int error = wait(&console_current()->changed);
        if (error)
            return error;
    }
    return 0;
}

static unsigned
poll(struct file *file)
{
    return (console_writable() ? FILE_POLLOUT : 0) | (tty_poll ? tty_poll(file) : 0);
}

/* ---- control ---- */

static int
set(const struct abi_termios *new, bool flush)
{
    tty_line_set(&tty.line, new, flush);
    return 0;
}

static int
tty_ioctl(struct file *file, unsigned long request, void *argument)
{
    struct console_device *console = console_current();
    int error;

    (void)file;
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
    case ABI_TIOCGWINSZ: /* zeroes where nobody knows, as on a serial line */
        *(struct abi_winsize *)argument = (struct abi_winsize){
            console ? console->rows : 0, console ? console->columns : 0, 0, 0};
        return 0;
    case ABI_TIOCGPGRP:
        *(int *)argument = 1;
        return 0;
    case ABI_TCSBRK: /* with an argument it is tcdrain, and a break else */
        return argument ? drain() : 0;
    case ABI_TIOCSPGRP:
    case ABI_TCXONC:
        return 0;
    default:
        return tty_input_ioctl ? tty_input_ioctl(request, argument) : -ENOTTY;
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
    .poll = poll,
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

    tty_line_init(&tty.line, echo, signal_raise);
    if (console) {
        terminal.changed = &console->changed;
        tty.rows = console->rows;
        tty.columns = console->columns;
    }
    for (int fd = 0; fd < 3; fd++) {
        file_hold(&terminal);
        fd_install(&terminal, fd, false);
    }
}
