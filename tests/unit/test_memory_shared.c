/*
 * Mappings that are a file's own pages: two of the same bytes, parts that go, one that grows, and no
 * memory for the books. The file counts what is mapped; the books are an array.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "lib/libc/memory.h"
#include "shim.h"

#define PAGES 16
#define AT    0x100u /* number of the file's first page in memory */

/* ---- what memory_shared.c calls of others ---- */

static bool ours[PAGES];

void
memory_set_shared(uintptr_t page, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ours[page - AT + i] = true;
}

void
memory_set_free(uintptr_t page, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ours[page - AT + i] = false;
}

void
file_hold(struct file *file)
{
    file->refs++;
}

/* ---- the file ---- */

static int pins[PAGES];
static size_t in_one_piece; /* pages that can be mapped while others are */

static int
file_map(struct file *file, uint64_t at, size_t pages, void **out)
{
    size_t first = (size_t)(at / PAGE_SIZE);
    int others = 0;

    (void)file;
    for (size_t i = 0; i < PAGES; i++)
        others += pins[i];
    if (first + pages > PAGES || (others && first + pages > in_one_piece))
        return -ENOMEM;
    for (size_t i = first; i < first + pages; i++)
        pins[i]++;
    *out = (void *)((AT + first) * PAGE_SIZE);
    return 0;
}

static void
file_unmap(struct file *file, uint64_t at, size_t pages)
{
    (void)file;
    for (size_t i = 0; i < pages; i++)
        assert_true(--pins[at / PAGE_SIZE + i] >= 0);
}

static const struct file_storage storage = {.map = file_map, .unmap = file_unmap};
static const struct file_ops ops = {.storage = &storage};
static struct file file;

static int
set_up(void **state)
{
    (void)state;
    file = (struct file){.ops = &ops, .refs = 1};
    in_one_piece = PAGES;
    shim_log_clear();
    return 0;
}

static int
all_is_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAGES; i++)
        assert_true(pins[i] == 0 && !ours[i]);
    assert_int_equal(file.refs, 1);
    assert_int_equal(shim_memory_live(), 0);
    return 0;
}

static long
map(size_t first, size_t count)
{
    return shared_map(&file, (uint64_t)first * PAGE_SIZE, count);
}

/* ---- tests ---- */

static void
two_of_the_same_bytes(void **state)
{
    (void)state;
    assert_int_equal(map(0, 4), AT * PAGE_SIZE);
    assert_int_equal(map(1, 6), (AT + 1) * PAGE_SIZE);
    assert_int_equal(file.refs, 3);
    assert_int_equal(shared_unmap(AT, 4), 0);
    assert_false(ours[0]);
    for (size_t i = 1; i < 7; i++)
        assert_true(ours[i] && pins[i] == 1);
    assert_int_equal(shared_unmap(AT + 1, 6), 0);
}

static void
parts(void **state)
{
    (void)state;
    map(0, 8);
    assert_int_equal(shared_unmap(AT + 3, 2), 0);
    assert_true(ours[2] && !ours[3] && !ours[4] && ours[5]);
    assert_int_equal(file.refs, 3);
    assert_int_equal(shared_unmap(AT + 5, 1), 0);
    assert_int_equal(shared_unmap(AT + 2, 1), 0);
    shim_memory_fail_after(0); /* at either end none is needed */
    assert_int_equal(shared_unmap(AT + 6, 1), 0);
    assert_int_equal(shared_unmap(AT, 1), 0);
    shim_memory_fail_after(-1);
    /* Without memory for what is left behind it nothing changes. */
    map(8, 3);
    shim_memory_fail_after(0);
    assert_int_equal(shared_unmap(AT + 9, 1), -ENOMEM);
    shim_memory_fail_after(-1);
    assert_true(ours[8] && ours[9] && ours[10] && pins[9] == 1);
    assert_int_equal(shared_unmap(AT + 1, 1), 0);
    assert_int_equal(shared_unmap(AT + 7, 4), 0);
}

static void
growing(void **state)
{
    (void)state;
    map(2, 2);
    assert_int_equal(shared_remap(AT + 2, 2, 5, false), (AT + 2) * PAGE_SIZE);
    assert_true(ours[6] && pins[2] == 1 && pins[6] == 1);
    /* Only when it has let go of its pages can the file lay out more of them. */
    in_one_piece = 0;
    assert_int_equal(shared_remap(AT + 2, 5, 9, false), -ENOMEM);
    assert_true(shim_log_has("9 pages of a file cannot be mapped"));
    assert_true(ours[2] && ours[6] && pins[6] == 1);
    assert_int_equal(shared_remap(AT + 2, 5, 9, true), (AT + 2) * PAGE_SIZE);
    /* More than there is: it is what it was. */
    assert_int_equal(shared_remap(AT + 2, 9, 90, true), -ENOMEM);
    assert_true(ours[2] && ours[10] && pins[10] == 1);
    assert_int_equal(shared_remap(AT + 3, 1, 2, true), -EFAULT);
    assert_int_equal(shared_unmap(AT + 2, 9), 0);
}

static void
refused(void **state)
{
    (void)state;
    shim_memory_fail_after(0);
    assert_int_equal(map(0, 1), -ENOMEM);
    shim_memory_fail_after(-1);
    assert_int_equal(map(0, PAGES + 1), -ENOMEM);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_of_the_same_bytes, set_up, all_is_back),
        cmocka_unit_test_setup_teardown(parts, set_up, all_is_back),
        cmocka_unit_test_setup_teardown(growing, set_up, all_is_back),
        cmocka_unit_test_setup_teardown(refused, set_up, all_is_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
