/*
 * The terminal: the console device below, the line discipline between, and one struct file
 * above that descriptors 0, 1 and 2 share, as on a login. What every program can do with it is
 * here: write, and ask for the settings. tty_input.c has the keys.
 */
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "lib/libc/abi.h"
#include "lib/libc/signal.h"
#include "lib/libc/tty.h"

struct tty tty;

static void
echo(const char *text, size_t len)
{
    uint32_t cooked = ABI_OPOST | ABI_ONLCR;

    if ((tty.line.termios.oflag & cooked) == cooked)
        console_write(text, len);
    else
        console_write_raw(text, len);
}

static long
tty_write(struct file *file, const void *from, size_t len)
{
    (void)file;
    echo(from, len);
    return (long)len;
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

    (void)file;
    switch (request) {
    case ABI_TCGETS:
        *(struct abi_termios *)argument = tty.line.termios;
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
    case ABI_TIOCGPGRP:
        *(int *)argument = 1;
        return 0;
    case ABI_TIOCSPGRP:
    case ABI_TCSBRK:
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

    tty_line_init(&tty.line, echo, signal_raise);
    if (console) {
        terminal.changed = &console->readable;
        tty.rows = console->rows;
        tty.columns = console->columns;
    }
    for (int fd = 0; fd < 3; fd++) {
        file_hold(&terminal);
        fd_install(&terminal, fd, false);
    }
}
