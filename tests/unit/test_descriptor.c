/*
 * The table of descriptors: which numbers it gives out, how it grows, its limits, and that
 * nothing has changed where there was no memory to grow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kernel/kernel.h"
#include "lib/libc/file.h"
#include "shim.h"

static const struct file_ops ops = {.kind = "test"};
static struct file file, other;

void
file_release(struct file *released)
{
    assert_true(released->refs > 0);
    released->refs--;
}

static int
install(struct file *which, int least)
{
    which->refs++;
    return fd_install(which, least, false);
}

static int
replace(int fd, struct file *which)
{
    which->refs++;
    return fd_replace(fd, which, false);
}

static int
close_all(void **state)
{
    (void)state;
    shim_memory_fail_all(false);
    for (int fd = 0; fd < fd_end(); fd++)
        fd_close(fd);
    assert_int_equal(file.refs + other.refs, 0);
    return fd_set_limits((struct fd_limits){FD_SOFT_LIMIT, FD_HARD_LIMIT});
}

static int
set_up(void **state)
{
    (void)state;
    file.ops = other.ops = &ops;
    return 0;
}

/* Install until it fails; how many there are then, and *error. */
static int
fill(int *error)
{
    int fd, n = 0;

    while ((fd = install(&file, 0)) >= 0)
        assert_int_equal(fd, n++);
    *error = fd;
    assert_int_equal(file.refs, n);
    return n;
}

/* ---- tests ---- */

static void
lowest_number(void **state)
{
    (void)state;
    for (int fd = 0; fd < 10; fd++)
        assert_int_equal(install(&file, 0), fd);
    assert_int_equal(install(&file, 5), 10);
    assert_int_equal(install(&file, 20), 20);
    assert_int_equal(fd_next(0), 11);
    assert_int_equal(fd_close(7), 0);
    assert_int_equal(fd_close(3), 0);
    assert_int_equal(fd_next(4), 7);
    assert_int_equal(fd_next(0), 3);
    assert_int_equal(install(&file, 0), 3);
    assert_int_equal(install(&file, 0), 7);
    assert_int_equal(install(&file, 0), 11);
    assert_int_equal(fd_close(3), 0);
    assert_int_equal(replace(3, &other), 3);
    assert_int_equal(install(&file, 0), 12);
    assert_int_equal(fd_close(12), 0);
    assert_int_equal(fd_close(12), -EBADF);
    assert_int_equal(fd_close(-1), -EBADF);
    assert_int_equal(fd_close(FD_HARD_LIMIT + 1), -EBADF);
}

/* What is there when the table moves stays: files and flags. */
static void
grows(void **state)
{
    int at_first = fd_end();

    (void)state;
    for (int fd = 0; fd < 3; fd++)
        assert_int_equal(install(fd == 1 ? &other : &file, 0), fd);
    *fd_close_on_exec(1) = true;
    assert_int_equal(replace(1000, &file), 1000);
    assert_true(fd_end() > 1000 && at_first < 1000);
    for (int fd = 0; fd < 3; fd++) {
        assert_ptr_equal(fd_get(fd), fd == 1 ? &other : &file);
        assert_int_equal(*fd_close_on_exec(fd), fd == 1);
    }
    for (int fd = 3; fd < 1000; fd++)
        assert_null(fd_get(fd));
    assert_null(fd_get(fd_end()));
    assert_int_equal(install(&file, 0), 3);
    assert_int_equal(install(&file, 1000), 1001);
}

static void
limit(void **state)
{
    int error, n = fill(&error);

    (void)state;
    assert_int_equal(n, FD_SOFT_LIMIT);
    assert_int_equal(error, -EMFILE);
    assert_int_equal(replace(n, &other), -EBADF);
    assert_int_equal(replace(-1, &other), -EBADF);
    assert_int_equal(replace(n - 1, &other), n - 1);
    assert_int_equal(fd_set_limits((struct fd_limits){FD_HARD_LIMIT, FD_HARD_LIMIT}), 0);
    assert_int_equal(install(&file, FD_HARD_LIMIT - 1), FD_HARD_LIMIT - 1);
    assert_int_equal(install(&file, FD_HARD_LIMIT - 1), -EMFILE);
    assert_int_equal(install(&file, 0), n);
    assert_int_equal(fd_end(), FD_HARD_LIMIT);
}

/* A limit below what is open closes nothing, and gives out no number above it. */
static void
lower_limit(void **state)
{
    (void)state;
    for (int fd = 0; fd < 20; fd++)
        install(&file, 0);
    assert_int_equal(fd_set_limits((struct fd_limits){10, 30}), 0);
    assert_ptr_equal(fd_get(15), &file);
    assert_int_equal(fd_close(15), 0);
    assert_int_equal(install(&file, 0), -EMFILE);
    assert_int_equal(replace(15, &other), -EBADF);
    assert_int_equal(fd_close(5), 0);
    assert_int_equal(install(&other, 0), 5);
    assert_int_equal(fd_set_limits((struct fd_limits){0, 0}), 0);
    assert_int_equal(fd_close(5), 0);
    assert_int_equal(install(&other, 0), -EMFILE);
}

static void
bad_limits(void **state)
{
    (void)state;
    assert_int_equal(fd_set_limits((struct fd_limits){11, 10}), -EINVAL);
    assert_int_equal(fd_set_limits((struct fd_limits){UINT64_MAX, 10}), -EINVAL);
    assert_int_equal(fd_set_limits((struct fd_limits){10, FD_HARD_LIMIT + 1}), -EPERM);
    assert_int_equal(fd_set_limits((struct fd_limits){UINT64_MAX, UINT64_MAX}), -EPERM);
    assert_int_equal(fd_limits().soft, FD_SOFT_LIMIT);
    assert_int_equal(fd_limits().hard, FD_HARD_LIMIT);
}

static void
no_memory(void **state)
{
    int room = fd_end(), error;

    (void)state;
    assert_true(room < FD_SOFT_LIMIT);
    shim_memory_fail_all(true);
    assert_int_equal(fill(&error), room);
    assert_int_equal(error, -ENOMEM);
    assert_int_equal(fd_next(0), -ENOMEM);
    assert_int_equal(replace(room, &other), -ENOMEM);
    assert_int_equal(fd_end(), room);
    assert_int_equal(fd_close(2), 0);
    assert_int_equal(install(&other, 0), 2);
    shim_memory_fail_all(false);
    assert_int_equal(install(&other, 0), room);
    shim_memory_fail_all(true);
    assert_int_equal(replace(FD_SOFT_LIMIT, &other), -EBADF); /* and no memory is asked for */
}

int
main(void)
{
    /* The table stays as large as it was: what needs a small one comes first. */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(lowest_number, close_all),
        cmocka_unit_test_teardown(no_memory, close_all),
        cmocka_unit_test_teardown(grows, close_all),
        cmocka_unit_test_teardown(lower_limit, close_all),
        cmocka_unit_test_teardown(bad_limits, close_all),
        cmocka_unit_test_teardown(limit, close_all),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
