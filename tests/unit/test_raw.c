/*
 * Standard input byte for byte (lib/libc/tty_raw.c) over a console that the test plays: in pieces of
 * any length, with the end marked in the bytes, and told beside them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "kernel/cmdline.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lib/libc/signal.h"
#include "lib/libc/tty.h"

static const char *word;
static char arrived[4096];
static size_t there, piece;

static size_t
device_read(struct console_device *console, char *to, size_t size)
{
    size_t n = MIN(MIN(there, piece), size);

    (void)console;
    memcpy(to, arrived, n);
    memmove(arrived, arrived + n, there -= n);
    return n;
}

static struct console_device device = {.read = device_read};

struct console_device *
console_current(void)
{
    return &device;
}

const char *
cmdline_word(const char *interface, const char *key)
{
    (void)interface;
    return strcmp(key, "stdio") == 0 ? word : NULL;
}

int
signal_wait_on(struct wait_queue *q, uint64_t deadline)
{
    (void)q;
    (void)deadline;
    return -EINTR;
}

static void
arrive(const char *bytes, size_t n)
{
    memcpy(arrived + there, bytes, n);
    there += n;
}

static struct file file = {.flags = FILE_O_NONBLOCK};

/* Whatever pieces they come in. */
static void
marks(void **state)
{
    static const char coded[] = "a\x10\x10\x04\x10\x10\x10\x10z\x10\x04" "behind";
    static const char plain[] = "a\x10\x04\x10\x10z";

    (void)state;
    for (size_t size = 1; size < sizeof(coded); size++) {
        bool half = false, end = false;
        char out[sizeof(coded)];
        size_t n = 0;
        for (size_t at = 0; at < sizeof(coded) - 1; at += size) {
            char bytes[sizeof(coded)];
            size_t len = MIN(size, sizeof(coded) - 1 - at);
            memcpy(bytes, coded + at, len);
            len = tty_raw_unmark(bytes, len, &half, &end);
            memcpy(out + n, bytes, len);
            n += len;
        }
        assert_true(end);
        assert_int_equal(n, sizeof(plain) - 1);
        assert_memory_equal(out, plain, n);
    }
}

/* A host that only seems to tell of an end, by a buffer of no bytes, is not believed: its bytes
 * are marked. */
static void
marked_input(void **state)
{
    char bytes[100];

    (void)state;
    word = "marked";
    piece = 3;
    device.ended = true;
    assert_int_equal(tty_raw_poll(), 0);
    assert_int_equal(tty_raw_read(&file, bytes, sizeof(bytes)), -EAGAIN);
    file.flags = 0;
    assert_int_equal(tty_raw_read(&file, bytes, sizeof(bytes)), -EINTR);
    arrive("xy\x10\x10\x10", 5);
    assert_int_equal(tty_raw_read(&file, bytes, 1), 1);
    assert_int_equal(tty_raw_count(), 1);
    assert_int_equal(tty_raw_read(&file, bytes, 0), 0);
    assert_int_equal(tty_raw_read(&file, bytes, sizeof(bytes)), 1);
    assert_int_equal(tty_raw_read(&file, bytes, sizeof(bytes)), 1);
    assert_int_equal(bytes[0], 0x10);
    arrive("\x04more", 5);
    assert_int_equal(tty_raw_poll(), FILE_POLLIN | FILE_POLLHUP);
    assert_int_equal(tty_raw_read(&file, bytes, sizeof(bytes)), 0);
    assert_int_equal(tty_raw_read(&file, bytes, sizeof(bytes)), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks),
        cmocka_unit_test(marked_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
