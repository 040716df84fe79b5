/*
 * Archives against lib/fs, made here and by the tar of this machine in each of its formats; at
 * last through a mount, as a program would see them.
 */
#include "tar_bed.h"

/* ---- the good ---- */

static void
files_and_directories(void **state)
{
    (void)state;
    start();
    put_file("a.txt", "alpha");
    put_header("dir/", '5', 0, "");
    put_file("dir/b", "");
    put_file("./deep/er/c", "gamma");
    put_header("link", '2', 0, "dir/b");
    put_end();
    assert_int_equal(load(), 0);
    assert_text("a.txt", "alpha");
    assert_text("dir/b", "");
    assert_text("deep/er/c", "gamma");
    assert_int_equal(node("a.txt")->mode, FS_S_IFREG | 0644);
    assert_int_equal(node("a.txt")->mtime, 999);
    assert_int_equal(node("a.txt")->uid, 10);
    assert_int_equal(node("a.txt")->gid, 20);
    assert_int_equal(node("deep/er")->mode & FS_S_IFMT, FS_S_IFDIR);
    assert_int_equal(node("")->mode & FS_S_IFMT, FS_S_IFDIR);
    assert_int_equal(node("link")->mode & FS_S_IFMT, FS_S_IFLNK);
    assert_string_equal(node("link")->link, "dir/b");
    assert_int_equal(tree.count, 8); /* root, a.txt, deep, deep/er, its c, dir, dir/b, link */
    assert_int_equal(shim_log_lines(LOG_WARN), 0);
    done();
}

/* "a-b" sorts between "a" and "a/b" by bytes; the tree must keep a directory together. */
static void
order_is_that_of_a_walk(void **state)
{
    static const char *const expected[] = {"", "a", "a/b", "a/b/c", "a/z", "a-b", "a-b/q", "b"};

    (void)state;
    start();
    put_file("a-b/q", "1");
    put_file("b", "2");
    put_file("a/z", "3");
    put_file("a/b/c", "4");
    put_end();
    assert_int_equal(load(), 0);
    assert_int_equal(tree.count, ARRAY_SIZE(expected));
    for (unsigned i = 0; i < tree.count; i++) {
        assert_string_equal(tree.nodes[i]->name, expected[i]);
        assert_int_equal(tree.nodes[i]->index, i);
    }
    assert_int_equal(node("")->end, 8);
    assert_int_equal(node("a")->end, 5);
    assert_int_equal(node("a/b")->end, 4);
    assert_int_equal(node("a-b")->end, 7);
    done();
}

static void
the_later_of_two_members_counts(void **state)
{
    (void)state;
    start();
    put_file("f", "old");
    put_file("g", "other");
    put_file("./f", "new one");
    put_end();
    assert_int_equal(load(), 0);
    assert_text("f", "new one");
    assert_int_equal(tree.count, 3);
    done();
}

static void
hard_links(void **state)
{
    (void)state;
    start();
    put_file("dir/file", "contents");
    put_header("one", '1', 8, "dir/file"); /* a size without contents, as some write it */
    put_header("two", '1', 0, "./one");
    put_file("after", "x");
    put_end();
    assert_int_equal(load(), 0);
    assert_text("one", "contents");
    assert_text("two", "contents");
    assert_text("after", "x");
    assert_ptr_equal(node("two")->body, node("dir/file"));
    assert_int_equal(node("dir/file")->links, 3);
    done();
}

static void
old_and_gnu_headers(void **state)
{
    char longer[301];

    (void)state;
    memset(longer, 'n', 300);
    longer[150] = '/';
    longer[300] = '\0';
    start();
    unsigned char *header = put_header("v7", '\0', 2, "");
    memset(header + 257, 0, 8);
    set_checksum(header);
    put_data("v7", 2);
    header = put_header("v7dir/", '\0', 0, "");
    memset(header + 257, 0, 8);
    set_checksum(header);
    header = put_header("name", '0', 0, ""); /* prefix counts with ustar's magic... */
    memcpy(header + 345, "pre/fix", 7);
    set_checksum(header);
    header = put_header("gnu", '0', 0, ""); /* ... and is something else with GNU's */
    memcpy(header + 257, "ustar  ", 8);
    memcpy(header + 345, "12345", 5);
    set_checksum(header);
    put_header("././@LongLink", 'L', sizeof(longer), "");
    put_data(longer, sizeof(longer));
    put_file("cut", "long");
    put_header("././@LongLink", 'K', sizeof(longer), "");
    put_data(longer, sizeof(longer));
    put_header("sym", '2', 0, "cut");
    put_end();
    assert_int_equal(load(), 0);
    assert_text("v7", "v7");
    assert_int_equal(node("v7dir")->mode & FS_S_IFMT, FS_S_IFDIR);
    node("pre/fix/name");
    node("gnu");
    assert_text(longer, "long");
    assert_absent("cut");
    assert_string_equal(node("sym")->link, longer);
    done();
}

static void
base_256_numbers(void **state)
{
    static const unsigned char two[12] = {0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
    static const unsigned char minus_one[12] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    (void)state;
    start();
    unsigned char *header = put_header("f", '0', 0, "");
    memcpy(header + 124, two, 12);
    memcpy(header + 136, minus_one, 12);
    set_checksum(header);
    put_data("ab", 2);
    put_end();
    assert_int_equal(load(), 0);
    assert_text("f", "ab");
    assert_int_equal(node("f")->mtime, -1);
    done();
}

static void
pax_records(void **state)
{
    (void)state;
    start();
    start();
    put_header("g", 'g', 19, "");
    put_data("19 comment=ignored\n", 19);
    put_pax("18 path=real/name\n9 size=3\n30 SCHILY.xattr.user.key=abcd\n"
            "93 a.key.that.is.longer.than.any.that.this.reader.would.ever.want.to.look.at.for."
            "its.value=v\n25 mtime=1350244992.0239\n");
    put_header("short", '0', 0, "");
    put_data("abc", 3);
    put_end();
    shim_log_clear();
    assert_int_equal(load(), 0);
    assert_text("real/name", "abc");
    assert_int_equal(node("real/name")->mtime, 1350244992);
    done();

    start();
    put_pax("22 linkpath=real/name\n18 mtime=-2.50000\n");
    put_header("s", '2', 0, "x");
    put_end();
    assert_int_equal(load(), 0);
    assert_string_equal(node("s")->link, "real/name");
    assert_int_equal(node("s")->mtime, -2);
    assert_int_equal(shim_log_lines(LOG_WARN), 0);
    done();
}

/* An archive may end at any block's border; tar itself only mumbles about it. */
static void
no_end_mark(void **state)
{
    (void)state;
    start();
    put_file("f", "x");
    assert_int_equal(load(), 0);
    assert_text("f", "x");
    assert_int_equal(shim_log_lines(LOG_WARN), 0);
    done();
}

/* ---- this machine's tar ---- */

static void
shell(const char *command)
{
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

static void
read_archive(const char *path)
{
    FILE *f = fopen(path, "rb");

    assert_non_null(f);
    start();
    used = fread(archive, 1, sizeof(archive), f);
    fclose(f);
}

static void
real_archives(void **state)
{
    static const char *const formats[] = {"v7", "ustar", "oldgnu", "gnu", "posix"};
    char folder[] = "/tmp/test_tar.XXXXXX", command[1024], name[256];
    char longer[161];

    (void)state;
    memset(longer, 'l', 160);
    longer[90] = '/';
    longer[160] = '\0';
    assert_non_null(mkdtemp(folder));
    snprintf(
        command, sizeof(command),
        "cd %s && mkdir -p in/sub in/%.90s && printf hello >in/hello && : >in/sub/empty && "
        "seq 100000 >in/sub/big && ln -s sub/big in/soft && ln in/hello in/sub/hard && "
        "printf long >in/%s && touch -d @1234567890 in/hello && chmod 751 in/hello",
        folder, longer, longer);
    shell(command);
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        bool no_long = strcmp(formats[i], "v7") == 0;
        snprintf(command, sizeof(command), "cd %s/in && tar --format=%s %s -cf ../%s.tar .",
                 folder, formats[i], no_long ? "--exclude='lll*'" : "", formats[i]);
        shell(command);
        snprintf(name, sizeof(name), "%s/%s.tar", folder, formats[i]);
        read_archive(name);
        assert_int_equal(load(), 0);
        assert_text("hello", "hello");
        assert_text("sub/hard", "hello");
        assert_text("sub/empty", "");
        if (!no_long)
            assert_text(longer, "long");
        assert_int_equal(node("sub/big")->size, 588895);
        assert_memory_equal(archive + node("sub/big")->data, "1\n2\n3\n", 6);
        assert_memory_equal(archive + node("sub/big")->data + 588888, "100000\n", 7);
        assert_string_equal(node("soft")->link, "sub/big");
        assert_int_equal(node("hello")->body->mtime, 1234567890);
        assert_int_equal(node("hello")->body->mode, FS_S_IFREG | 0751);
        assert_int_equal(shim_log_lines(LOG_WARN), 0);
        done();
    }
    snprintf(command, sizeof(command), "rm -r %s", folder);
    shell(command);
}

/* ---- mounted ---- */

/* The names of a directory, read through a buffer of this size, each with a blank behind. */
static const char *
names_in(const char *path, size_t size)
{
    static char names[512];
    char *buffer = malloc(size);
    struct file *file;
    long n;

    names[0] = '\0';
    assert_int_equal(fs_open("/", path, FILE_O_DIRECTORY, 0, &file), 0);
    while ((n = file->ops->storage->getdents(file, buffer, size)) > 0)
        for (long at = 0; at < n;) {
            uint16_t record;
            memcpy(&record, buffer + at + 16, 2);
            assert_int_equal(record % 8, 0);
            assert_true(record >= 24 && record <= n - at);
            strcat(names, buffer + at + 19);
            strcat(names, buffer[at + 18] == 4 ? "/ " : buffer[at + 18] == 10 ? "@ " : " ");
            at += record;
        }
    assert_int_equal(n, 0);
    assert_int_equal(file->ops->pread(file, buffer, 1, 0), -EISDIR);
    file_release(file);
    free(buffer);
    return names;
}

static void
mounted(void **state)
{
    struct file_stat st, other;
    char text[32];
    struct file *file;
    const char *rest;

    (void)state;
    start();
    put_file("dir/one", "11111");
    put_file("dir/sub/deep", "22222");
    put_file("dir/two", "");
    put_file("dir-x", "x");
    put_header("dir/sym", '2', 0, "../hard");
    put_header("hard", '1', 0, "dir/one");
    put_end();
    assert_int_equal(tarfs_mount(fs_reader_memory("initrd", archive, used), "/"), 0);
    assert_true(shim_log_has("tar on initrd: 8 names, mounted on /"));
    unsigned live = shim_memory_live();

    for (size_t size = 32; size <= 400; size += 8) {
        assert_string_equal(names_in("/", size), "./ ../ dir/ dir-x hard ");
        assert_string_equal(names_in("dir", size), "./ ../ one sub/ sym@ two ");
    }
    assert_string_equal(names_in("dir/sub/.", 100), "./ ../ deep ");

    /* "dir/sym" leads to "hard", which is "dir/one". */
    assert_int_equal(fs_open("/dir/sub", "../sym", 0, 0, &file), 0);
    assert_int_equal(file->ops->pread(file, text, sizeof(text), 2), 3);
    assert_memory_equal(text, "111", 3);
    assert_int_equal(file->ops->pread(file, text, 2, 0), 2);
    assert_int_equal(file->ops->pread(file, text, 2, 5), 0);
    assert_int_equal(file->ops->pread(file, text, 2, UINT64_MAX), 0);
    assert_int_equal(file->ops->stat(file, &st), 0);
    assert_int_equal(fs_stat("/", "dir/one", true, &other), 0);
    assert_int_equal(st.inode, other.inode);
    assert_int_equal(st.links, 2);
    assert_int_equal(st.device, other.device);
    assert_int_not_equal(st.device, 0);
    file_release(file);

    assert_int_equal(fs_stat("/", "dir/sym", false, &st), 0);
    assert_int_equal(st.mode & FS_S_IFMT, FS_S_IFLNK);
    assert_int_equal(st.size, 7);
    struct fs_mount *mount = fs_find("/dir/sym", &rest);
    assert_int_equal(mount->type->readlink(mount, rest, text, 3), 3);
    assert_memory_equal(text, "../", 3);
    assert_int_equal(mount->type->readlink(mount, "dir", text, 3), -EINVAL);
    assert_int_equal(mount->type->readlink(mount, "no", text, 3), -ENOENT);

    assert_int_equal(fs_open("/", "dir/one", FILE_O_RDWR, 0, &file), -EROFS);
    assert_int_equal(fs_open("/", "dir/one", FILE_O_TRUNC, 0, &file), -EROFS);
    assert_int_equal(fs_open("/", "dir", FILE_O_WRONLY, 0, &file), -EISDIR);
    assert_int_equal(fs_open("/", "dir/none", 0, 0, &file), -ENOENT);
    assert_int_equal(fs_open("/", "dir/one/x", 0, 0, &file), -ENOTDIR);
    for (long n = 0; n < 2; n++) { /* no memory for the file, then for its path */
        shim_memory_fail_after(n);
        assert_int_equal(fs_open("/", "dir", 0, 0, &file), -ENOMEM);
        shim_memory_fail_after(-1);
    }
    assert_int_equal(shim_memory_live(), live);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_and_directories),
        cmocka_unit_test(order_is_that_of_a_walk),
        cmocka_unit_test(the_later_of_two_members_counts),
        cmocka_unit_test(hard_links),
        cmocka_unit_test(old_and_gnu_headers),
        cmocka_unit_test(base_256_numbers),
        cmocka_unit_test(pax_records),
        cmocka_unit_test(no_end_mark),
        cmocka_unit_test(real_archives),
        cmocka_unit_test(mounted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
