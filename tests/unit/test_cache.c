/*
 * httpd's small files in memory: for how long, how many bytes of them, and who keeps one that was
 * replaced. The files are real ones; the time is the test's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "apps/httpd/httpd.h"

int64_t turn;

/* A page of 4096 bytes, and as many of them as are free: what the cache may take is a sixteenth. */
#define FREE_PAGES 256
#define BYTES_MAX  (FREE_PAGES * 4096 / 16)

long
machine_has(int name)
{
    return name == _SC_PAGESIZE ? 4096 : FREE_PAGES;
}

static int
file_of(char byte, size_t size)
{
    FILE *file = tmpfile();

    assert_non_null(file);
    for (size_t i = 0; i < size; i++)
        putc(byte, file);
    fflush(file);
    return dup(fileno(file));
}

static struct cached *
add(const char *path, char byte, size_t size)
{
    struct version version = {.size = size, .type = "text/plain"};
    int file = file_of(byte, size);
    struct cached *cached = cache_add(path, file, &version);

    close(file);
    return cached;
}

static int
later(void **state)
{
    (void)state;
    turn += 10000;
    return 0;
}

static void
a_file_is_kept_for_a_second(void **state)
{
    (void)state;
    assert_null(cache_find("/a"));
    struct cached *cached = add("/a", 'a', 100);
    assert_non_null(cached);
    assert_ptr_equal(cache_find("/a"), cached);
    assert_int_equal(cached->body[99], 'a');
    assert_null(cache_find("/b"));
    turn += 999;
    assert_ptr_equal(cache_find("/a"), cached);
    turn++;
    assert_null(cache_find("/a"));
    cached = add("/a", 'b', 50);
    assert_int_equal(cache_find("/a")->body[0], 'b');
}

static void
an_answer_keeps_what_was_replaced(void **state)
{
    (void)state;
    struct cached *old = cache_hold(add("/a", 'x', 1000));
    struct cached *new = add("/a", 'y', 1000);
    assert_ptr_not_equal(old, new);
    assert_int_equal(old->body[999], 'x');
    cache_release(old);
    assert_int_equal(cache_find("/a")->body[999], 'y');
    cache_release(NULL);
}

static void
what_is_too_large_or_shrinks_is_not_kept(void **state)
{
    struct version version = {.size = 200, .type = "text/plain"};
    int file = file_of('s', 100);

    (void)state;
    assert_null(add("/large", 'l', 32769));
    assert_non_null(add("/fits", 'f', 32768));
    assert_null(cache_add("/shrunk", file, &version));
    assert_null(cache_find("/shrunk"));
    close(file);
}

/* Memory is bounded, and that of old files serves new ones. */
static void
all_of_them_have_a_bound(void **state)
{
    char path[16];
    size_t bytes = 0;

    (void)state;
    for (int i = 0; i < 40; i++) {
        snprintf(path, sizeof(path), "/%d", i);
        add(path, 'm', 4096);
    }
    for (int i = 0; i < 40; i++) { /* who comes later may take the place of one before */
        snprintf(path, sizeof(path), "/%d", i);
        bytes += cache_find(path) ? 4096 : 0;
    }
    assert_in_range(bytes, BYTES_MAX / 2, BYTES_MAX);
    assert_null(add("/more", 'm', BYTES_MAX));
    turn += 1000;
    assert_non_null(add("/more", 'm', 32768));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_file_is_kept_for_a_second, later),
        cmocka_unit_test_setup(an_answer_keeps_what_was_replaced, later),
        cmocka_unit_test_setup(what_is_too_large_or_shrinks_is_not_kept, later),
        cmocka_unit_test_setup(all_of_them_have_a_bound, later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
