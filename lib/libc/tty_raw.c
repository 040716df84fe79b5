/*
 * Standard input byte for byte, where it is not meant for a person (stdio=raw). Its end is what a
 * console has no word for: our launcher says it by an empty buffer. Where the host cannot, its side
 * marks it in the bytes (stdio=marked): a byte 16 comes as two of them, and 16 with a 4 behind it is
 * the end, by which every byte still comes through.
 */
#include "kernel/cmdline.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/libc/signal.h"
#include "lib/libc/tty.h"

#define MARK 16
#define END  4

static char ahead[512]; /* taken from the device, and not read yet */
static size_t first, count;
static bool ended, half_a_mark;

size_t
tty_raw_unmark(char *bytes, size_t n, bool *marked, bool *is_end)
{
    size_t left = 0;

    for (size_t i = 0; i < n && !*is_end; i++) {
        if (!*marked && bytes[i] == MARK) {
            *marked = true;
            continue;
        }
        *is_end = *marked && bytes[i] == END;
        if (!*is_end)
            bytes[left++] = bytes[i];
        *marked = false;
    }
    return left;
}

static void
fill(void)
{
    struct console_device *console = console_current();
    const char *word = cmdline_word(NULL, "stdio");
    bool marks = word && strcmp(word, "marked") == 0;
    size_t n = 1;

    while (!count && !ended && n) {
        n = console ? console->read(console, ahead, sizeof(ahead)) : 0;
        first = 0;
        count = marks ? tty_raw_unmark(ahead, n, &half_a_mark, &ended) : n;
        if (!n)
            ended = !console || (!marks && console->ended);
    }
}

long
tty_raw_read(struct file *file, void *to, size_t len)
{
    if (len == 0)
        return 0;
    for (fill(); !count; fill()) {
        if (ended)
            return 0;
        if (file->flags & FILE_O_NONBLOCK)
            return -EAGAIN;
        int error = signal_wait_on(file->changed, TIME_NEVER);
        if (error)
            return error;
    }
    size_t n = MIN(len, count);
    memcpy(to, ahead + first, n);
    first += n;
    count -= n;
    return (long)n;
}

unsigned
tty_raw_poll(void)
{
    fill();
    return (count ? FILE_POLLIN : 0) | (ended ? FILE_POLLIN | FILE_POLLHUP : 0);
}

size_t
tty_raw_count(void)
{
    fill();
    return count;
}
