/*
 * Locks on ranges of bytes, of several open files, against a model that has one entry for each byte:
 * what is granted, what is refused and why, and that nothing stays when the files are closed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "kernel/kernel.h"
#include "lib/libc/abi.h"
#include "lib/libc/locks.h"
#include "lib/libc/signal.h"
#include "shim.h"

#define OWNERS 3
#define BYTES  40 /* the last one stands for all that follow */

/* ---- what locks.c calls of others ---- */

int
signal_wait_on(struct wait_queue *q, uint64_t deadline)
{
    (void)q, (void)deadline;
    return -EINTR; /* nobody else is here to unlock */
}

struct file *
fd_get(int fd)
{
    (void)fd;
    return NULL;
}

void
file_hold(struct file *file)
{
    file->refs++;
}

static int
one_file(struct file *file, struct file_stat *out)
{
    (void)file;
    *out = (struct file_stat){.device = 1, .inode = 5, .size = BYTES};
    return 0;
}

static const struct file_ops ops = {.stat = one_file};
static struct file files[OWNERS];
const char file_forget_linked[1];

static int
open_all(void **state)
{
    (void)state;
    for (int i = 0; i < OWNERS; i++)
        files[i] = (struct file){.ops = &ops, .refs = 1, .flags = FILE_O_RDWR};
    return 0;
}

/* ---- the model ---- */

struct request {
    int16_t type, whence;
    int64_t start __attribute__((packed, aligned(4)));
    int64_t len __attribute__((packed, aligned(4)));
    int32_t pid;
};

static int16_t model[OWNERS][BYTES]; /* type of the lock on each byte */

/* The first byte on which somebody else's lock is in the way, or BYTES. */
static int
in_the_way(int owner, int16_t type, int first, int last)
{
    for (int at = first; at <= last; at++)
        for (int other = 0; other < OWNERS; other++)
            if (other != owner && model[other][at] != ABI_F_UNLCK &&
                (model[other][at] == ABI_F_WRLCK || type == ABI_F_WRLCK))
                return at;
    return BYTES;
}

/* The lock that covers this byte is told with all of the bytes that it has. */
static void
assert_is_told(int owner, int16_t type, int first, int last)
{
    struct request ask = {
        .type = type, .start = first, .len = last == BYTES - 1 ? 0 : last - first + 1};
    bool free = in_the_way(owner, type, first, last) == BYTES;

    assert_int_equal(locks_control(&files[owner], ABI_F_OFD_GETLK, &ask), 0);
    if (free) {
        assert_int_equal(ask.type, ABI_F_UNLCK);
        return;
    }
    int from = (int)ask.start, to = ask.len ? from + (int)ask.len - 1 : BYTES - 1;
    bool found = false;
    for (int other = 0; other < OWNERS; other++) {
        bool whole = other != owner && (from == 0 || model[other][from - 1] != ask.type) &&
                     (to == BYTES - 1 || model[other][to + 1] != ask.type);
        for (int at = from; at <= to; at++)
            whole &= model[other][at] == ask.type;
        found |= whole;
    }
    assert_true(found && from <= last && to >= first);
    assert_int_equal(ask.pid, -1);
}

static void
against_a_model(void **state)
{
    uint32_t seed = 5;

    (void)state;
    for (int o = 0; o < OWNERS; o++)
        for (int at = 0; at < BYTES; at++)
            model[o][at] = ABI_F_UNLCK;
    for (int i = 0; i < 20000; i++) {
        seed = seed * 1664525u + 1013904223u;
        int owner = (seed >> 8) % OWNERS, first = (seed >> 12) % BYTES,
            last = (seed >> 18) % BYTES;
        int16_t type = (int16_t)((seed >> 26) % 3);
        if (last < first) {
            int swap = first;
            first = last;
            last = swap;
        }
        assert_is_told(owner, type == ABI_F_UNLCK ? ABI_F_RDLCK : type, first, last);
        struct request set = {
            .type = type, .start = first, .len = last == BYTES - 1 ? 0 : last - first + 1};
        bool free = type == ABI_F_UNLCK || in_the_way(owner, type, first, last) == BYTES;
        assert_int_equal(locks_control(&files[owner], ABI_F_OFD_SETLK, &set),
                         free ? 0 : -EAGAIN);
        for (int at = first; free && at <= last; at++)
            model[owner][at] = type;
    }
    for (int o = 0; o < OWNERS; o++)
        locks_forget(&files[o]);
    assert_int_equal(shim_memory_live(), 0);
}

static void
no_memory(void **state)
{
    struct request set = {.type = ABI_F_WRLCK, .start = 10, .len = 10};
    struct request middle = {.type = ABI_F_UNLCK, .start = 13, .len = 2};
    struct request ask = {.type = ABI_F_WRLCK};

    (void)state;
    assert_int_equal(locks_control(&files[0], ABI_F_OFD_SETLK, &set), 0);
    for (long fail = 0; fail < 2; fail++) {
        shim_memory_fail_after(fail);
        assert_int_equal(locks_control(&files[0], ABI_F_OFD_SETLK, &middle), -ENOMEM);
        shim_memory_fail_after(-1);
    }
    assert_int_equal(locks_control(&files[1], ABI_F_OFD_GETLK, &ask), 0);
    assert_int_equal(ask.start, 10);
    assert_int_equal(ask.len, 10);
    set.type = ABI_F_RDLCK;
    assert_int_equal(locks_control(&files[1], ABI_F_OFD_SETLKW, &set), -EINTR);
    locks_forget(&files[0]);
    assert_int_equal(locks_control(&files[1], ABI_F_OFD_SETLKW, &set), 0);
    locks_forget(&files[1]);
    assert_int_equal(shim_memory_live(), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(against_a_model, open_all),
        cmocka_unit_test_setup(no_memory, open_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
