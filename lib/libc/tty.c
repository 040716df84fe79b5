/*
 * The terminal: the console device below, and one struct file above that descriptors 0, 1 and 2
 * share, as on a login. What every program does with it is here: write, and ask how large it is.
 * tty_input.c has the rest, keys and settings.
 */
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lib/libc/abi.h"
#include "lib/libc/signal.h"
#include "lib/libc/tty.h"

__attribute__((weak)) int signal_wait_on(struct wait_queue *q, uint64_t deadline);

bool tty_verbatim;

static struct file errors;

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

    if (file == &errors) {
        console_line(from, len);
        return (long)len;
    }
    while (done < len) {
        size_t n = console_write((const char *)from + done, len - done, tty_verbatim);
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

static unsigned
poll(struct file *file)
{
    return (console_writable() ? FILE_POLLOUT : 0) | (tty_poll ? tty_poll(file) : 0);
}

static int
tty_ioctl(struct file *file, unsigned long request, void *argument)
{
    struct console_device *console = console_current();

    (void)file;
    if (request != ABI_TIOCGWINSZ || console_raw)
        return tty_input_ioctl ? tty_input_ioctl(request, argument) : -ENOTTY;
    /* Zeroes where nobody knows, as on a serial line. */
    *(struct abi_winsize *)argument =
        (struct abi_winsize){console ? console->rows : 0, console ? console->columns : 0, 0, 0};
    return 0;
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

/* Standard error where the console is for bytes: it goes where the kernel's lines do. */
static struct file errors = {.ops = &operations, .refs = 1, .flags = FILE_O_WRONLY};

struct file *
tty_file(void)
{
    return &terminal;
}

void
tty_init(void)
{
    struct console_device *console = console_current();

    tty_verbatim = console_raw;
    if (console)
        terminal.changed = &console->changed;
    if (tty_input_init)
        tty_input_init();
    for (int fd = 0; fd < 3; fd++) {
        struct file *file = console_raw && fd == 2 ? &errors : &terminal;
        file_hold(file);
        fd_install(file, fd, false);
    }
}
