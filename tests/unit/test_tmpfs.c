/*
 * Files in memory: the bytes of a file against a model of them, with holes, cuts and mappings; what
 * a full pool and failing memory leave behind; the table of names as it grows. Everything is given
 * back at the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "lib/fs/tmp.h"
#include "shim.h"

#define MODEL_BYTES (48 * PAGE_SIZE)

/* ---- help ---- */

static uint32_t seed;

static uint32_t
any(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)seed * below) >> 32);
}

static int
set_pool(void **state)
{
    (void)state;
    tmp_pool = (struct tmp_pool){.limit = 4096, .nodes_limit = 100000};
    shim_memory_fail_after(-1);
    shim_memory_forget();
    shim_log_clear();
    seed = 7;
    return 0;
}

static int
all_is_back(void **state)
{
    (void)state;
    assert_int_equal(shim_memory_live(), 0);
    assert_int_equal(tmp_pool.used, 0);
    return 0;
}

static struct tmpfs mounted;

/* One file system for all that need one; its root stays. */
static struct tmpfs *
the_fs(void)
{
    if (!mounted.root) {
        assert_int_equal(tmpfs_mount(&mounted, "/", 0755), 0);
        tmp_pool.limit = 4096;
    }
    return &mounted;
}

static int
make(const char *path, uint32_t mode)
{
    return tmp_changes.create(&the_fs()->mount, path, mode, NULL);
}

static int
take(const char *path, bool directory)
{
    return tmp_changes.remove(&the_fs()->mount, path, directory);
}

static int
move(const char *from, const char *to, unsigned flags)
{
    return tmp_changes.rename(&the_fs()->mount, from, to, flags);
}

static struct tmp_node *
find(const char *path)
{
    struct tmp_node *node = NULL;

    assert_int_equal(tmp_find(the_fs(), path, &node), 0);
    return node;
}

static struct file *
open_file(const char *path, unsigned flags)
{
    struct file *file = NULL;

    assert_int_equal(fs_open("/", path, flags, 0644, &file), 0);
    return file;
}

/* ---- data ---- */

static unsigned char model[MODEL_BYTES], bytes[MODEL_BYTES];
static size_t model_size;

static void
model_resize(size_t size)
{
    if (size < model_size)
        memset(model + size, 0, model_size - size);
    model_size = size;
}

static void
one_change(struct tmp_data *d)
{
    size_t at = any(MODEL_BYTES), len = any(any(4) ? 300 : 5 * PAGE_SIZE);

    len = MIN(len, MODEL_BYTES - at);
    switch (any(5)) {
    case 0:
        tmp_data_truncate(d, at);
        model_resize(at);
        return;
    case 1:
        at = MIN(at, model_size);
        len = MIN(len, model_size - at);
        tmp_data_punch(d, at, len);
        memset(model + at, 0, len);
        return;
    case 2:
        if (len > 0)
            assert_int_equal(tmp_data_reserve(d, at, len), 0);
        return;
    default:
        for (size_t i = 0; i < len; i++)
            bytes[i] = (unsigned char)(1 + any(255));
        assert_int_equal(tmp_data_write(d, bytes, len, at), len);
        memcpy(model + at, bytes, len);
        model_size = len ? MAX(model_size, at + len) : model_size;
    }
}

static void
assert_is_model(const struct tmp_data *d)
{
    size_t pages = 0;

    assert_int_equal(d->size, model_size);
    assert_int_equal(tmp_data_read(d, bytes, sizeof(bytes), 0), model_size);
    assert_memory_equal(bytes, model, model_size);
    for (size_t i = 0; i < d->count; i++) {
        assert_int_not_equal(d->chunks[i]->used, 0);
        assert_true(i == 0 || d->chunks[i - 1]->first < d->chunks[i]->first);
        pages += d->chunks[i]->used;
    }
    assert_int_equal(d->pages, pages);
    assert_int_equal(tmp_pool.used, pages);
}

static void
data_against_a_model(void **state)
{
    struct tmp_data d = {0};

    (void)state;
    memset(model, 0, sizeof(model));
    model_size = 0;
    for (int i = 0; i < 3000; i++) {
        one_change(&d);
        assert_is_model(&d);
    }
    tmp_data_truncate(&d, 0);
}

/* The same with mappings that come and go: the same bytes have the same address. */
static void
mapped_data_against_a_model(void **state)
{
    struct {
        uint64_t first;
        size_t count;
    } maps[4] = {0};
    struct tmp_data d = {0};
    unsigned done = 0;
    void *base;

    (void)state;
    memset(model, 0, sizeof(model));
    model_size = 0;
    for (int i = 0; i < 2000; i++) {
        unsigned which = any(4);
        if (maps[which].count) {
            tmp_data_unmap(&d, maps[which].first, maps[which].count);
            maps[which].count = 0;
        } else if (model_size > 0) {
            size_t pages = (model_size + PAGE_SIZE - 1) / PAGE_SIZE;
            maps[which].first = any((uint32_t)pages);
            maps[which].count = 1 + any((uint32_t)(pages - maps[which].first));
            if (tmp_data_map(&d, maps[which].first, maps[which].count, &base)) {
                maps[which].count = 0;
            } else {
                size_t at = maps[which].first * PAGE_SIZE;
                size_t len = MIN(maps[which].count * PAGE_SIZE, model_size - at);
                assert_memory_equal(base, model + at, len);
                memset(base, (int)any(256), len);
                memcpy(model + at, base, len);
                done++;
            }
        }
        one_change(&d);
        assert_int_equal(tmp_data_read(&d, bytes, sizeof(bytes), 0), model_size);
        assert_memory_equal(bytes, model, model_size);
    }
    assert_true(done > 100);
    for (int i = 0; i < 4; i++)
        tmp_data_unmap(&d, maps[i].first, maps[i].count);
    tmp_data_truncate(&d, 0);
}

static void
mappings(void **state)
{
    struct tmp_data d = {0};
    void *one, *two, *far;

    (void)state;
    memset(bytes, 'a', sizeof(bytes));
    assert_int_equal(tmp_data_write(&d, bytes, 3 * PAGE_SIZE, 0), 3 * PAGE_SIZE);
    assert_int_equal(tmp_data_map(&d, 1, 1, &one), 0);
    assert_int_equal(tmp_data_map(&d, 0, 3, &two), 0); /* all of it was put in place at once */
    assert_ptr_equal((char *)two + PAGE_SIZE, one);
    memcpy(one, "seen", 4);
    assert_int_equal(tmp_data_read(&d, bytes, 4, PAGE_SIZE), 4);
    assert_memory_equal(bytes, "seen", 4);

    /* What lies behind the end is there, and counts when the file grows. */
    void *between = pages_alloc(1); /* so that the next piece does not follow this one */
    assert_int_equal(tmp_data_map(&d, 3, 2, &far), 0);
    tmp_data_truncate(&d, 5 * PAGE_SIZE);
    memcpy(far, "grown", 5);
    assert_int_equal(tmp_data_read(&d, bytes, 5, 3 * PAGE_SIZE), 5);
    assert_memory_equal(bytes, "grown", 5);

    /* One piece would need pages moved that are mapped. */
    assert_int_equal(tmp_data_map(&d, 2, 3, &far), -ENOMEM);
    /* A page that is cut off stays under its mapping, as zeroes. */
    tmp_data_truncate(&d, 10);
    assert_int_equal(((char *)one)[0], 0);
    assert_int_equal(((char *)two)[9], 'a');
    assert_int_equal(((char *)two)[10], 0);
    tmp_data_unmap(&d, 1, 1);
    assert_int_equal(d.pages, 5);
    tmp_data_unmap(&d, 0, 3);
    tmp_data_unmap(&d, 3, 2);
    assert_int_equal(d.pages, 1);
    pages_free(between, 1);

    /* Written behind the end through a mapping, and zero when it counts. */
    assert_int_equal(tmp_data_map(&d, 0, 1, &one), 0);
    memset((char *)one + 10, 'x', 20);
    assert_int_equal(tmp_data_write(&d, "y", 1, 15), 1);
    assert_int_equal(tmp_data_read(&d, bytes, 16, 0), 16);
    assert_memory_equal(bytes + 10, "\0\0\0\0\0y", 6);
    tmp_data_truncate(&d, 20);
    assert_int_equal(tmp_data_read(&d, bytes, 20, 0), 20);
    assert_memory_equal(bytes + 16, "\0\0\0\0", 4);
    tmp_data_unmap(&d, 0, 1);
    tmp_data_truncate(&d, 0);
}

static void
a_full_pool(void **state)
{
    struct tmp_data d = {0}, other = {0};
    void *base;

    (void)state;
    tmp_pool.limit = 10;
    memset(bytes, 'a', sizeof(bytes));
    assert_int_equal(tmp_data_write(&d, bytes, 4 * PAGE_SIZE, 0), 4 * PAGE_SIZE);
    assert_int_equal(tmp_data_write(&other, bytes, 8 * PAGE_SIZE, 100), 6 * PAGE_SIZE - 100);
    assert_int_equal(other.size, 6 * PAGE_SIZE);
    assert_int_equal(tmp_data_write(&other, bytes, 1, 6 * PAGE_SIZE), -ENOSPC);
    assert_int_equal(tmp_data_write(&other, bytes, PAGE_SIZE, 0), PAGE_SIZE);
    assert_int_equal(tmp_data_reserve(&d, 0, 5 * PAGE_SIZE), -ENOSPC);
    assert_int_equal(tmp_data_map(&d, 0, 5, &base), -ENOMEM);
    assert_int_equal(tmp_data_map(&d, 0, 4, &base), 0);
    tmp_data_unmap(&d, 0, 4);
    tmp_data_truncate(&other, 0);
    assert_int_equal(tmp_data_reserve(&d, 0, 5 * PAGE_SIZE), 0);
    assert_int_equal(tmp_data_write(&d, bytes, 1, TMP_SIZE_MAX), -EFBIG);
    assert_int_equal(tmp_data_write(&d, bytes, 5, TMP_SIZE_MAX - 2), 2);
    tmp_data_truncate(&d, 0);
}

/* Whichever allocation fails, what was there is there, and nothing is lost. */
static void
no_memory_for_data(void **state)
{
    (void)state;
    for (long fail = 0; fail < 12; fail++) {
        struct tmp_data d = {0};
        void *base;
        memset(bytes, 'b', sizeof(bytes));
        assert_int_equal(tmp_data_write(&d, bytes, 20 * PAGE_SIZE, 0), 20 * PAGE_SIZE);
        if (fail >= 8)
            tmp_data_truncate(&d, BIT(40)); /* mostly holes: not all is put in one piece */
        shim_memory_fail_after(fail % 4);
        long n = fail < 4   ? tmp_data_write(&d, bytes, 5, 100 * PAGE_SIZE)
                 : fail < 8 ? tmp_data_reserve(&d, 100 * PAGE_SIZE, 5)
                            : tmp_data_map(&d, 0, 300, &base);
        shim_memory_fail_after(-1);
        if (fail >= 8 && n == 0)
            tmp_data_unmap(&d, 0, 300);
        assert_true(n == 5 || n == 0 || n == -ENOSPC || n == -ENOMEM);
        assert_int_equal(tmp_data_read(&d, bytes, 20 * PAGE_SIZE, 0), 20 * PAGE_SIZE);
        for (size_t i = 0; i < 20 * PAGE_SIZE; i++)
            assert_int_equal(bytes[i], 'b');
        for (size_t i = 0; i < d.count; i++)
            assert_int_not_equal(d.chunks[i]->used, 0);
        tmp_data_truncate(&d, 0);
        assert_int_equal(shim_memory_live(), 0);
        assert_int_equal(tmp_pool.used, 0);
    }
}

static void
holes(void **state)
{
    struct tmp_data d = {0};

    (void)state;
    assert_int_equal(tmp_data_find(&d, 0, false), -ENXIO);
    assert_int_equal(tmp_data_find(&d, 0, true), -ENXIO);
    tmp_data_truncate(&d, BIT(50));
    assert_int_equal(tmp_data_find(&d, 0, false), -ENXIO);
    assert_int_equal(tmp_data_find(&d, 77, true), 77);
    assert_int_equal(tmp_data_write(&d, "x", 1, BIT(45)), 1);
    assert_int_equal(tmp_data_find(&d, 77, false), BIT(45));
    assert_int_equal(tmp_data_find(&d, BIT(45) + 5, false), BIT(45) + 5);
    assert_int_equal(tmp_data_find(&d, BIT(45), true), BIT(45) + PAGE_SIZE);
    assert_int_equal(d.pages, 1);
    tmp_data_truncate(&d, 0);
}

/* ---- tree ---- */

static void
many_names(void **state)
{
    char name[32];
    unsigned live;

    (void)state;
    the_fs();
    live = shim_memory_live();
    assert_int_equal(make("d", FS_S_IFDIR | 0755), 0);
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof(name), "d/%d", i);
        assert_int_equal(make(name, FS_S_IFREG | 0644), 0);
        assert_int_equal(make(name, FS_S_IFREG | 0644), -EEXIST);
    }
    assert_true(mounted.nr_buckets >= 4096);
    assert_int_equal(find("d")->nr_entries, 5000);
    for (int i = 0; i < 5000; i += 2) {
        snprintf(name, sizeof(name), "d/%d", i);
        assert_int_equal(take(name, false), 0);
        assert_int_equal(take(name, false), -ENOENT);
    }
    assert_int_equal(take("d", true), -ENOTEMPTY);
    for (int i = 1; i < 5000; i += 2) {
        snprintf(name, sizeof(name), "d/%d", i);
        assert_int_equal(tmp_find(the_fs(), name, &(struct tmp_node *){NULL}), 0);
        assert_int_equal(take(name, false), 0);
    }
    assert_int_equal(take("d", true), 0);
    assert_true(shim_memory_live() <= live + 1); /* the table of names */
    assert_int_equal(tmp_pool.nodes, 1);
}

static int
entries(struct file *file)
{
    char buffer[600];
    int count = 0;
    long n;

    while ((n = file->ops->storage->getdents(file, buffer, sizeof(buffer))) > 0)
        for (long at = 0; at < n; at += *(uint16_t *)(buffer + at + 16))
            count++;
    assert_true(n == 0 || n == -ENOENT);
    return n ? (int)n : count;
}

static void
names_move(void **state)
{
    char path[FS_PATH_MAX];
    struct file *file;

    (void)state;
    assert_int_equal(make("a", FS_S_IFDIR | 0755), 0);
    assert_int_equal(make("a/b", FS_S_IFDIR | 0755), 0);
    assert_int_equal(make("a/b/f", FS_S_IFREG | 0644), 0);
    assert_int_equal(make("z", FS_S_IFDIR | 0755), 0);
    file = open_file("a/b", 0);
    assert_int_equal(move("a", "a/b/x", 0), -EINVAL);
    assert_int_equal(move("a", "a/x", 0), -EINVAL);
    assert_int_equal(move("a/b", "a", 0), -ENOTEMPTY);
    assert_int_equal(move("a/b", "a", FS_RENAME_EXCHANGE), -EINVAL);
    assert_int_equal(move("a", "a/b", FS_RENAME_EXCHANGE), -EINVAL);
    assert_int_equal(move("a", "z", 0), 0);
    assert_int_equal(file->ops->storage->path(file, path), 0);
    assert_string_equal(path, "/z/b");
    assert_int_equal(find("")->links, 3);
    assert_int_equal(find("z")->links, 3);
    assert_int_equal(make("w", FS_S_IFREG | 0644), 0);
    assert_int_equal(move("w", "z/b", FS_RENAME_EXCHANGE), 0);
    assert_int_equal(file->ops->storage->path(file, path), 0);
    assert_string_equal(path, "/w");
    assert_int_equal(find("")->links, 4);
    assert_int_equal(find("z")->links, 2);
    assert_int_equal(entries(file), 3);
    assert_int_equal(take("w/f", false), 0);
    assert_int_equal(take("w", true), 0);
    assert_int_equal(file->ops->storage->path(file, path), -ENOENT);
    assert_int_equal(entries(file), -ENOENT);
    file_release(file);
    assert_int_equal(take("z/b", false), 0);
    assert_int_equal(take("z", true), 0);
    assert_int_equal(find("")->links, 2);
    assert_int_equal(tmp_pool.nodes, 1);
}

/* A file lives while it is open, and not a moment longer. */
static void
open_without_a_name(void **state)
{
    struct file *file, *other;
    struct file_stat st;
    char text[8];

    (void)state;
    the_fs();
    file = open_file("f", FILE_O_RDWR | FILE_O_CREAT);
    assert_int_equal(file->ops->pwrite(file, "kept", 4, 0), 4);
    assert_int_equal(take("f", false), 0);
    other = open_file("f", FILE_O_RDWR | FILE_O_CREAT);
    assert_int_equal(file->ops->stat(file, &st), 0);
    assert_int_equal(st.links, 0);
    assert_int_equal(file->ops->pread(file, text, 8, 0), 4);
    assert_memory_equal(text, "kept", 4);
    assert_int_equal(tmp_pool.used, 1);
    file_release(file);
    assert_int_equal(tmp_pool.used, 0);
    file = open_file("g", FILE_O_RDWR | FILE_O_CREAT);
    assert_int_equal(file->ops->pwrite(file, "over", 4, 0), 4);
    assert_int_equal(move("f", "g", 0), 0);
    assert_int_equal(file->ops->pread(file, text, 8, 0), 4);
    file_release(file);
    assert_int_equal(tmp_pool.used, 0);
    file_release(other);
    assert_int_equal(take("g", false), 0);
    assert_int_equal(tmp_pool.nodes, 1);
}

static void
no_memory_for_names(void **state)
{
    struct file *file;

    (void)state;
    assert_int_equal(make("here", FS_S_IFREG | 0644), 0);
    unsigned live = shim_memory_live();
    for (long fail = 0; fail < 3; fail++) {
        shim_memory_fail_after(fail);
        int made = tmp_changes.create(&the_fs()->mount, "x", FS_S_IFLNK | 0777, "target");
        shim_memory_fail_after(0);
        int moved = move("here", "there", 0);
        shim_memory_fail_after(-1);
        assert_int_equal(made, -ENOSPC);
        assert_int_equal(moved, -ENOSPC);
        assert_int_equal(tmp_find(the_fs(), "here", &(struct tmp_node *){NULL}), 0);
        assert_int_equal(shim_memory_live(), live);
    }
    shim_memory_fail_after(0);
    assert_int_equal(fs_open("/", "here", 0, 0, &file), -ENOMEM); /* a buffer for the path */
    shim_memory_fail_after(1);
    assert_int_equal(fs_open("/", "here", 0, 0, &file), -ENOMEM);
    shim_memory_fail_after(-1);
    tmp_pool.nodes_limit = tmp_pool.nodes;
    assert_int_equal(make("x", FS_S_IFREG | 0644), -ENOSPC);
    tmp_pool.nodes_limit = 100000;
    assert_int_equal(take("here", false), 0);
    assert_int_equal(shim_memory_live(), live - 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(data_against_a_model, set_pool, all_is_back),
        cmocka_unit_test_setup_teardown(mapped_data_against_a_model, set_pool, all_is_back),
        cmocka_unit_test_setup_teardown(mappings, set_pool, all_is_back),
        cmocka_unit_test_setup_teardown(a_full_pool, set_pool, all_is_back),
        cmocka_unit_test_setup_teardown(no_memory_for_data, set_pool, all_is_back),
        cmocka_unit_test_setup_teardown(holes, set_pool, all_is_back),
        cmocka_unit_test(many_names),
        cmocka_unit_test(names_move),
        cmocka_unit_test(open_without_a_name),
        cmocka_unit_test(no_memory_for_names),
    };

    return cmocka_run_group_tests(tests, set_pool, NULL);
}
