/*
 * Paths of every shape through the mount table to what they name: ".", "..", slashes, links
 * and loops of them, nested mounts, lengths; then a tar archive on a disk, opened and read as
 * the system calls do it, with a disk that counts, delays and fails.
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
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/list.h"
#include "kernel/memory.h"
#include "kernel/thread.h"
#include "lib/fs/calls.h"
#include "lib/fs/fs.h"
#include "lib/fs/tar.h"
#include "lib/libc/random.h"
#include "lib/libc/tty.h"
#include "shim.h"

/* ---- what lib/fs calls of others ---- */

DEVICE_CLASS_DRIVER(disk);

void
file_hold(struct file *file)
{
    file->refs++;
}

bool console_raw;

struct file *
fd_get(int fd)
{
    (void)fd;
    return NULL;
}

int
fd_end(void)
{
    return 0;
}

struct file *
tty_file(void)
{
    static const struct file_ops ops = {.kind = "terminal"};
    static struct file terminal = {.ops = &ops, .refs = 1};

    return &terminal;
}

int
random_fill(void *to, size_t len, bool may_wait)
{
    (void)to, (void)len, (void)may_wait;
    return -EIO;
}

/* ---- a file system that is a table ---- */

static const struct entry {
    const char *path, *link; /* a directory where link is NULL, "" is a file */
} root_entries[] = {
    {"", NULL},
    {"dir", NULL},
    {"dir/sub", NULL},
    {"dir/file", ""},
    {"file", ""},
    {"to-dir", "dir"},
    {"to-file", "dir/file"},
    {"to-to-dir", "to-dir/"},
    {"absolute", "/dir/sub"},
    {"up", "dir/sub/../.."},
    {"dangling", "missing"},
    {"empty", "?"}, /* its target has no characters */
    {"self", "self"},
    {"ping", "pong"},
    {"pong", "ping/x"},
    {"grow", "grow/grow"},
    {"slashes", "///dir///"},
    {"to-mount", "mnt/inside"},
    {"mnt", NULL},
};

static const struct entry mount_entries[] = {
    {"", NULL}, {"inside", ""}, {"out", "/dir"}, {"above", "../file"}};

static const struct entry *
find_entry(struct fs_mount *mount, const char *path)
{
    bool root = strcmp(mount->where, "/") == 0;
    const struct entry *entries = root ? root_entries : mount_entries;
    size_t n = root ? ARRAY_SIZE(root_entries) : ARRAY_SIZE(mount_entries);

    for (size_t i = 0; i < n; i++)
        if (strcmp(entries[i].path, path) == 0)
            return &entries[i];
    return NULL;
}

static int
table_stat(struct fs_mount *mount, const char *path, struct file_stat *out)
{
    const struct entry *e = find_entry(mount, path);

    if (!e)
        return -ENOENT;
    *out = (struct file_stat){.mode = !e->link     ? FS_S_IFDIR | 0755
                                      : e->link[0] ? FS_S_IFLNK | 0777
                                                   : FS_S_IFREG | 0644};
    return 0;
}

static long
table_readlink(struct fs_mount *mount, const char *path, char *to, size_t size)
{
    const char *link = find_entry(mount, path)->link;
    size_t len = link[0] == '?' ? 0 : strlen(link);

    memcpy(to, link, MIN(len, size));
    return (long)MIN(len, size);
}

static const struct fs_type table_type = {
    .name = "table", .stat = table_stat, .readlink = table_readlink};
static struct fs_mount table_root = {.type = &table_type, .where = "/"};
static struct fs_mount table_mount = {.type = &table_type, .where = "/mnt"};

static int
mount_all(void **state)
{
    (void)state;
    assert_int_equal(fs_mount(&table_root), 0);
    assert_int_equal(fs_mount(&table_mount), 0);
    assert_int_equal(fs_mount(&fs_dev_mount), 0);
    return 0;
}

/* ---- resolving ---- */

static void
paths(void **state)
{
    static const struct {
        const char *base, *path;
        bool follow;
        const char *expected; /* NULL: `error` */
        int error;
    } cases[] = {
        {"/", "/", true, "/", 0},
        {"/", ".", true, "/", 0},
        {"/", "..", true, "/", 0},
        {"/", "../../..", true, "/", 0},
        {"/", "//dir///sub//", true, "/dir/sub", 0},
        {"/", "./dir/./sub/.", true, "/dir/sub", 0},
        {"/", "dir/..", true, "/", 0},
        {"/", "dir/../dir/sub/../file", true, "/dir/file", 0},
        {"/dir", "sub", true, "/dir/sub", 0},
        {"/dir", "../file", true, "/file", 0},
        {"/dir", "/file", true, "/file", 0},
        {"/dir/sub", "..", true, "/dir", 0},
        {"/", "missing", true, "/missing", 0}, /* the last may be missing */
        {"/", "dir/missing/", true, "/dir/missing", 0},
        {"/", "missing/x", true, NULL, -ENOENT},
        {"/", "missing/..", true, NULL, -ENOENT},
        {"/", "missing/.", true, NULL, -ENOENT},
        {"/", "file/", true, NULL, -ENOTDIR},
        {"/", "file/x", true, NULL, -ENOTDIR},
        {"/", "file/..", true, NULL, -ENOTDIR},
        {"/", "file/.", true, NULL, -ENOTDIR},
        {"/", "", true, NULL, -ENOENT},
        {"/", "to-dir", true, "/dir", 0},
        {"/", "to-dir", false, "/to-dir", 0},
        {"/", "to-dir/", false, "/dir", 0},
        {"/", "to-dir/file", false, "/dir/file", 0},
        {"/", "to-file", true, "/dir/file", 0},
        {"/", "to-file/", true, NULL, -ENOTDIR},
        {"/", "to-to-dir", true, "/dir", 0},
        {"/", "to-to-dir/sub", true, "/dir/sub", 0},
        {"/", "to-dir/..", true, "/", 0},
        {"/", "absolute/..", true, "/dir", 0},
        {"/dir", "../absolute", true, "/dir/sub", 0},
        {"/", "up", true, "/", 0},
        {"/", "slashes/file", true, "/dir/file", 0},
        {"/", "dangling", true, "/missing", 0},
        {"/", "dangling/x", true, NULL, -ENOENT},
        {"/", "empty", true, NULL, -ENOENT},
        {"/", "self", true, NULL, -ELOOP},
        {"/", "self", false, "/self", 0},
        {"/", "self/", false, NULL, -ELOOP},
        {"/", "ping", true, NULL, -ELOOP},
        {"/", "grow", true, NULL, -ELOOP},
        {"/", "mnt", true, "/mnt", 0},
        {"/", "mnt/..", true, "/", 0},
        {"/", "mnt/inside", true, "/mnt/inside", 0},
        {"/", "mnt/out/file", true, "/dir/file", 0},
        {"/", "mnt/above", true, "/file", 0}, /* ".." leaves a mount as it does a directory */
        {"/", "to-mount", true, "/mnt/inside", 0},
        {"/", "dev/null", true, "/dev/null", 0},
        {"/", "device", true, "/device", 0},
    };
    char out[FS_PATH_MAX];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int result = fs_resolve(cases[i].base, cases[i].path, cases[i].follow, out);
        if (result != cases[i].error)
            print_error("%s from %s: %d\n", cases[i].path, cases[i].base, result);
        assert_int_equal(result, cases[i].error);
        if (cases[i].expected)
            assert_string_equal(out, cases[i].expected);
    }
}

static void
lengths(void **state)
{
    char path[3000], out[FS_PATH_MAX];

    (void)state;
    memset(path, 'x', sizeof(path));
    path[255] = '\0';
    assert_int_equal(fs_resolve("/", path, true, out), 0);
    path[255] = 'x';
    path[256] = '\0';
    assert_int_equal(fs_resolve("/", path, true, out), -ENAMETOOLONG);
    memset(path, '/', sizeof(path)); /* a long path to a short name */
    strcpy(path + FS_PATH_MAX - 5, "file");
    assert_int_equal(fs_resolve("/", path, true, out), 0);
    assert_string_equal(out, "/file");
    memset(path, '/', sizeof(path));
    strcpy(path + FS_PATH_MAX - 4, "file");
    assert_int_equal(fs_resolve("/", path, true, out), -ENAMETOOLONG);
    /* A link's target in front of a long rest. */
    memset(path, '/', sizeof(path));
    memcpy(path, "absolute", 8);
    strcpy(path + FS_PATH_MAX - 3, "x");
    assert_int_equal(fs_resolve("/", path, true, out), 0);
    assert_string_equal(out, "/dir/sub/x");
}

static void
mounts(void **state)
{
    static struct fs_mount again = {.type = &table_type, .where = "/mnt"};
    const char *rest;

    (void)state;
    assert_int_equal(fs_mount(&again), -EBUSY);
    assert_ptr_equal(fs_find("/", &rest), &table_root);
    assert_string_equal(rest, "");
    assert_ptr_equal(fs_find("/mnt", &rest), &table_mount);
    assert_string_equal(rest, "");
    assert_ptr_equal(fs_find("/mnt/a/b", &rest), &table_mount);
    assert_string_equal(rest, "a/b");
    assert_ptr_equal(fs_find("/mntx/a", &rest), &table_root);
    assert_string_equal(rest, "mntx/a");
}

static void
open_flags(void **state)
{
    struct file *file;

    (void)state;
    assert_int_equal(fs_open("/", "missing", 0, 0, &file), -ENOENT);
    assert_int_equal(fs_open("/", "missing", FILE_O_CREAT | FILE_O_WRONLY, 0, &file), -EROFS);
    assert_int_equal(fs_open("/", "file", FILE_O_CREAT | FILE_O_EXCL, 0, &file), -EEXIST);
    assert_int_equal(fs_open("/", "self", FILE_O_CREAT | FILE_O_EXCL, 0, &file), -EEXIST);
    assert_int_equal(fs_open("/", "to-dir", FILE_O_NOFOLLOW, 0, &file), -ELOOP);
    assert_int_equal(fs_open("/", "dir", FILE_O_RDWR, 0, &file), -EISDIR);
    assert_int_equal(fs_open("/", "file", FILE_O_DIRECTORY, 0, &file), -ENOTDIR);
}

/* ---- /dev ---- */

static void
devices(void **state)
{
    struct file *file;
    char bytes[16], entries[64];

    (void)state;
    assert_int_equal(fs_open("/dir", "../dev/zero", FILE_O_RDWR, 0, &file), 0);
    memset(bytes, 1, sizeof(bytes));
    assert_int_equal(file->ops->pread(file, bytes, 15, 7), 15);
    assert_int_equal(bytes[14], 0);
    assert_int_equal(bytes[15], 1);
    assert_int_equal(file->ops->pwrite(file, bytes, 15, 7), 15);
    file_release(file);
    assert_int_equal(
        fs_open("/dev", "null", FILE_O_RDWR | FILE_O_TRUNC | FILE_O_CREAT, 0, &file), 0);
    assert_int_equal(file->ops->pread(file, bytes, 15, 7), 0);
    file_release(file);
    assert_int_equal(fs_open("/dev", "tty", FILE_O_RDWR, 0, &file), 0);
    assert_ptr_equal(file, tty_file());
    assert_int_equal(file->refs, 2);
    file_release(file);
    assert_int_equal(fs_open("/dev", "nul", 0, 0, &file), -ENOENT);
    assert_int_equal(fs_open("/dev", "null/x", 0, 0, &file), -ENOTDIR);

    /* A buffer for two entries at a time, and one for none. */
    assert_int_equal(fs_open("/", "dev", FILE_O_DIRECTORY, 0, &file), 0);
    char path[FS_PATH_MAX];
    assert_int_equal(file->ops->storage->path(file, path), 0);
    assert_string_equal(path, "/dev");
    assert_int_equal(file->ops->storage->getdents(file, entries, 16), -EINVAL);
    char seen[256] = "";
    long n;
    while ((n = file->ops->storage->getdents(file, entries, sizeof(entries))) > 0)
        for (long at = 0; at < n; at += *(uint16_t *)(entries + at + 16)) {
            strcat(seen, entries + at + 19);
            strcat(seen, " ");
        }
    assert_int_equal(n, 0);
    assert_non_null(strstr(seen, ". .. null zero full random urandom tty console stdin stdout stderr fd "));
    file_release(file);
}

/* ---- a disk ---- */

#define DISK_BYTES (1u << 20)

static unsigned char disk_data[DISK_BYTES];
static unsigned submits, fail_from = UINT32_MAX;
static int fail_status;
static struct list queue = LIST_INIT(queue);
static struct deferred service;

static void
serve(void *arg)
{
    struct list *e;

    (void)arg;
    while ((e = list_pop(&queue))) {
        struct disk_request *r = container_of(e, struct disk_request, link);
        uint64_t at = r->sector * DISK_SECTOR;
        for (unsigned i = 0; i < r->nr_parts; i++) {
            assert_true(at + r->parts[i].len <= DISK_BYTES);
            if (r->op == DISK_READ)
                memcpy(r->parts[i].base, disk_data + at, r->parts[i].len);
            else
                memcpy(disk_data + at, r->parts[i].base, r->parts[i].len);
            at += r->parts[i].len;
        }
        r->status = submits >= fail_from ? fail_status : 0;
        r->done(r);
    }
}

static int
disk_submit(struct disk_device *disk, struct disk_request *request)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < request->nr_parts; i++) {
        assert_in_range(request->parts[i].len, 1, disk->max_part);
        bytes += request->parts[i].len;
    }
    assert_in_range(request->nr_parts, 0, disk->max_parts);
    assert_int_equal((request->sector * DISK_SECTOR | bytes) % disk->block_size, 0);
    assert_true(request->sector + bytes / DISK_SECTOR <= disk->capacity);
    submits++;
    list_append(&queue, &request->link);
    service.run = serve;
    defer_mark(&service);
    return 0;
}

static struct disk_device disk = {
    .capacity = DISK_BYTES / DISK_SECTOR,
    .max_parts = 8,
    .max_part = 4096,
    .block_size = DISK_SECTOR,
    .submit = disk_submit,
};

static struct disk_device part;

static int
part_submit(struct disk_device *d, struct disk_request *request)
{
    request->sector += d->start;
    return d->whole->submit(d->whole, request);
}

/* What lies from sector `start` on, up to a place within the last block. */
static struct disk_device *
part_from(uint64_t start)
{
    part = disk;
    part.whole = &disk;
    part.start = start;
    part.capacity = disk.capacity - start - 3;
    part.submit = part_submit;
    return &part;
}

static void
disk_setup(void)
{
    static bool registered;

    if (!registered) {
        wait_queue_init(&disk.space);
        disk_register(&disk);
    }
    registered = true;
    for (size_t i = 0; i < DISK_BYTES; i++)
        disk_data[i] = (unsigned char)(i * 7 + (i >> 9) * 13);
    submits = 0;
    fail_from = UINT32_MAX;
}

/* Any offset and length, against the disk's bytes, for several shapes of disk. */
static void
reader_reads_what_is_there(void **state)
{
    static const struct {
        uint32_t max_parts, max_part, block, start;
    } shapes[] = {{8, 4096, 512, 0},  {1, 512, 512, 0},      {64, 65536, 512, 0},
                  {2, 1024, 512, 0},  {1, 1u << 31, 512, 0}, {2, 1024, 512, 5},
                  {8, 4096, 4096, 0}, {8, 512, 4096, 0},     {64, 1000, 2048, 0},
                  {1, 4096, 4096, 8}, {64, 65536, 4096, 3},  {1, 4096, 4096, 7}};
    static unsigned char got[100000];
    uint32_t seed = 1;

    (void)state;
    for (size_t s = 0; s < ARRAY_SIZE(shapes); s++) {
        disk_setup();
        disk.max_parts = shapes[s].max_parts;
        disk.max_part = shapes[s].max_part;
        disk.block_size = shapes[s].block;
        struct disk_device *d = shapes[s].start ? part_from(shapes[s].start) : &disk;
        const unsigned char *base = disk_data + d->start * DISK_SECTOR;
        uint64_t size = d->capacity * DISK_SECTOR;
        struct fs_reader *reader = fs_reader_disk(d);
        assert_non_null(reader);
        assert_int_equal(reader->size, size);
        for (int i = 0; i < 500; i++) {
            seed = seed * 1664525u + 1013904223u;
            uint64_t at = (seed >> 4) % size;
            seed = seed * 1664525u + 1013904223u;
            size_t len = (seed >> 4) % (i % 3 ? 700 : sizeof(got));
            at &= i % 2 ? ~0ull : ~511ull;
            len = MIN(len, size - at);
            assert_int_equal(reader->read(reader, at, got, len), 0);
            assert_memory_equal(got, base + at, len);
        }
        reader->close(reader);
        assert_int_equal(shim_memory_live(), 0);
    }
    disk.block_size = DISK_SECTOR;
}

/* A cached byte costs no request, a sequence is fetched ahead, a large read goes straight. */
static void
reader_saves_requests(void **state)
{
    static unsigned char got[65536];

    (void)state;
    disk_setup();
    disk.max_parts = 8;
    disk.max_part = 4096;
    struct fs_reader *reader = fs_reader_disk(&disk);
    assert_int_equal(reader->read(reader, 0, got, 512), 0);
    unsigned first = submits;
    for (uint64_t at = 0; at < 16384; at += 512)
        assert_int_equal(reader->read(reader, at, got, 512), 0);
    assert_int_equal(submits, first);
    assert_int_equal(reader->read(reader, 16384, got, 512), 0);
    unsigned second = submits;
    assert_int_equal(second, first + 2); /* that slot, and the next before anybody asks */
    defer_run();
    assert_int_equal(reader->read(reader, 32768, got, 512), 0);
    assert_int_equal(submits, second + 1); /* only the one after it */
    assert_int_equal(reader->read(reader, 65536, got, sizeof(got)), 0);
    assert_memory_equal(got, disk_data + 65536, sizeof(got));
    reader->close(reader);
    assert_int_equal(shim_memory_live(), 0);
}

static void
reader_survives_errors(void **state)
{
    unsigned char got[512];

    (void)state;
    disk_setup();
    struct fs_reader *reader = fs_reader_disk(&disk);
    fail_status = -EIO;
    fail_from = 1;
    for (int i = 0; i < 20; i++)
        assert_int_equal(reader->read(reader, (uint64_t)i * 16384, got, 512), -EIO);
    fail_from = UINT32_MAX;
    assert_int_equal(reader->read(reader, 0, got, 512), 0);
    assert_memory_equal(got, disk_data, 512);
    /* After a time-out the disk was reset and goes on, however often. */
    fail_status = -ETIMEDOUT;
    fail_from = 1;
    for (int i = 1; i <= 20; i++)
        assert_int_equal(reader->read(reader, (uint64_t)i * 32768, got, 512), -ETIMEDOUT);
    fail_from = UINT32_MAX;
    assert_int_equal(reader->read(reader, 0, got, 512), 0);
    assert_memory_equal(got, disk_data, 512);
    disk.broken = true;
    reader->close(reader);
    disk.broken = false;
    assert_int_equal(shim_memory_live(), 32); /* the pages that may be the device's */
}

/* The disk as a file: every alignment, against a model of the disk. */
static void
disk_file(void **state)
{
    static unsigned char model[DISK_BYTES], bytes[5000];
    struct file *file;
    struct file_stat st;
    uint32_t seed = 7;

    (void)state;
    disk_setup();
    unsigned live = shim_memory_live();
    memcpy(model, disk_data, sizeof(model));
    disk.read_only = true;
    assert_int_equal(fs_open("/", "/dev/vda", FILE_O_RDWR, 0, &file), -EROFS);
    disk.read_only = false;
    assert_int_equal(fs_open("/", "/dev/vda", FILE_O_RDWR, 0, &file), 0);
    assert_int_equal(file->ops->stat(file, &st), 0);
    assert_int_equal(st.size, DISK_BYTES);
    for (int i = 0; i < 500; i++) {
        seed = seed * 1664525u + 1013904223u;
        uint64_t at = (seed >> 4) % DISK_BYTES;
        seed = seed * 1664525u + 1013904223u;
        size_t len = (seed >> 4) % sizeof(bytes);
        size_t expected = MIN(len, DISK_BYTES - at);
        for (size_t k = 0; k < len; k++)
            bytes[k] = (unsigned char)(seed >> (k % 24));
        assert_int_equal(file->ops->pwrite(file, bytes, len, at), expected);
        memcpy(model + at, bytes, expected);
        memset(bytes, 0, sizeof(bytes));
        at -= MIN(at, 100);
        expected = MIN(len, DISK_BYTES - at);
        assert_int_equal(file->ops->pread(file, bytes, len, at), expected);
        assert_memory_equal(bytes, model + at, expected);
    }
    assert_memory_equal(model, disk_data, sizeof(model));
    assert_int_equal(file->ops->pread(file, bytes, 10, DISK_BYTES), 0);
    assert_int_equal(file->ops->pread(file, bytes, 10, UINT64_MAX), 0);
    assert_int_equal(file->ops->pwrite(file, bytes, 10, DISK_BYTES), -ENOSPC);
    assert_int_equal(file->ops->pwrite(file, bytes, 0, DISK_BYTES), 0);
    file_release(file);
    assert_int_equal(shim_memory_live(), live);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),
        cmocka_unit_test(lengths),
        cmocka_unit_test(mounts),
        cmocka_unit_test(open_flags),
        cmocka_unit_test(devices),
        cmocka_unit_test(reader_reads_what_is_there),
        cmocka_unit_test(reader_saves_requests),
        cmocka_unit_test(reader_survives_errors),
        cmocka_unit_test(disk_file),
    };

    return cmocka_run_group_tests(tests, mount_all, NULL);
}
