/*
 * A tree from an archive that can be changed: contents are read from the archive until a file is
 * opened for writing, also when the disk fails, when there is no room, and when two do it at once.
 */
#define _GNU_SOURCE
#pragma GCC diagnostic ignored "-Wunused-function" /* not all of the bed is used here */
#include "tar_bed.h"
#include "lib/fs/tmp.h"

#define BIG (40 * PAGE_SIZE)

static struct file *
open_file(const char *path, unsigned flags)
{
    struct file *file = NULL;

    assert_int_equal(fs_open("/", path, flags, 0644, &file), 0);
    return file;
}

static unsigned reads;
static int read_error;
static void (*while_reading)(void);

static int
slow_read(struct fs_reader *reader, uint64_t at, void *to, size_t len)
{
    void (*hook)(void) = while_reading;

    while_reading = NULL;
    reads++;
    if (hook)
        hook();
    return read_error ? read_error : test_read(reader, at, to, len);
}

static struct fs_reader reader = {.name = "vda", .read = slow_read};

static void
write_meanwhile(void)
{
    struct file *file = open_file("big", FILE_O_RDWR);

    assert_int_equal(file->ops->pwrite(file, "other", 5, 0), 5);
    file_release(file);
}

static void
cut_meanwhile(void)
{
    file_release(open_file("big2", FILE_O_RDWR | FILE_O_TRUNC));
}

static char bytes[BIG + 1];

static const char *
content(const char *path, unsigned flags, size_t size)
{
    struct file *file = open_file(path, flags);

    assert_true(size <= BIG);
    memset(bytes, 0, size + 1);
    assert_int_equal(file->ops->pread(file, bytes, BIG, 0), size);
    file_release(file);
    return bytes;
}

static void
over_an_archive(void **state)
{
    static char big[BIG];
    struct file_stat st, before;
    struct file *file;

    (void)state;
    memset(big, 'b', sizeof(big));
    start();
    put_file("dir/one", "11111");
    put_header("big", '0', sizeof(big), "");
    put_data(big, sizeof(big));
    put_header("big2", '0', sizeof(big), "");
    put_data(big, sizeof(big));
    put_header("hard", '1', 0, "dir/one");
    put_header("soft", '2', 0, "dir/one");
    put_end();
    reader.size = used;
    assert_int_equal(overlay_mount(&reader, "/"), 0);
    assert_true(shim_log_has("mounted on /, changes in memory"));

    reads = 0;
    assert_int_equal(fs_stat("/", "dir/one", true, &before), 0);
    assert_int_equal(before.links, 2);
    assert_int_equal(before.mode, FS_S_IFREG | 0644);
    assert_int_equal(before.mtime.sec, 999);
    assert_int_equal(before.uid, 10);
    assert_int_equal(fs_stat("/", "dir", true, &st), 0);
    assert_int_equal(fs_stat("/", "tmp", true, &st), 0);
    assert_int_equal(st.mode, FS_S_IFDIR | 01777);
    assert_int_equal(reads, 0);
    assert_string_equal(content("soft", 0, 5), "11111");
    assert_int_equal(tmp_pool.used, 0);

    /* Written by one name, read by the other, and the archive is what it was. */
    file = open_file("hard", FILE_O_RDWR);
    assert_int_equal(file->ops->pwrite(file, "22", 2, 1), 2);
    file_release(file);
    assert_string_equal(content("dir/one", 0, 5), "12211");
    assert_int_equal(fs_stat("/", "hard", true, &st), 0);
    assert_int_equal(st.inode, before.inode);
    assert_non_null(memmem(archive, used, "11111", 5));

    /* A disk that fails: an error, and the next try finds all of it. */
    read_error = -EIO;
    assert_int_equal(fs_open("/", "big", FILE_O_RDWR, 0, &file), -EIO);
    read_error = 0;
    assert_int_equal(tmp_pool.used, 1);
    assert_memory_equal(content("big", 0, sizeof(big)), big, sizeof(big));
    /* Without room for a copy it stays as it is, and can be read. */
    tmp_pool.limit = 20;
    assert_int_equal(fs_open("/", "big", FILE_O_RDWR, 0, &file), -ENOSPC);
    tmp_pool.limit = 4096;
    assert_int_equal(tmp_pool.used, 1);
    assert_memory_equal(content("big", 0, sizeof(big)), big, sizeof(big));

    /* Two open it at once, and the first to be done has written meanwhile. */
    while_reading = write_meanwhile;
    file_release(open_file("big", FILE_O_RDWR));
    assert_memory_equal(content("big", 0, sizeof(big)), "otherbbb", 8);
    assert_int_equal(tmp_pool.used, 41);
    /* One empties it while the other copies. */
    while_reading = cut_meanwhile;
    file_release(open_file("big2", FILE_O_WRONLY));
    assert_string_equal(content("big2", 0, 0), "");
    assert_int_equal(tmp_pool.used, 41);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_an_archive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
