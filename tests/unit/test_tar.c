/*
 * Archives against lib/fs: made here byte by byte (so that every field can lie), and by the
 * tar of this machine in each of its formats. The tests look at the tree, at the lines on the
 * log, and at last through a mount, as a program would. Everything must be freed at the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "lib/fs/tar.h"
#include "shim.h"

#define MEMORY      (16u << 20)
#define ARCHIVE_MAX (4u << 20)

static unsigned char archive[ARCHIVE_MAX];
static size_t used;

/* ---- making archives ---- */

static void
start(void)
{
    memset(archive, 0, sizeof archive);
    used = 0;
    shim_log_clear();
}

static void
set_checksum(unsigned char *header)
{
    unsigned sum = 0;

    memset(header + 148, ' ', 8);
    for (int i = 0; i < 512; i++)
        sum += header[i];
    snprintf((char *)header + 148, 8, "%06o", sum);
}

/* A header at the end of the archive; returned so that a test can spoil it. */
static unsigned char *
put_header(const char *name, char type, uint64_t size, const char *link)
{
    unsigned char *header = archive + used;

    assert_true(used + 512 <= ARCHIVE_MAX);
    used += 512;
    memcpy(header, name, strnlen(name, 100));
    memcpy(header + 100, "0000644", 8);
    memcpy(header + 108, "0000012", 8);
    memcpy(header + 116, "0000024", 8);
    snprintf((char *)header + 124, 12, "%011llo", (unsigned long long)size);
    memcpy(header + 136, "00000001747", 12); /* 999 */
    header[156] = (unsigned char)type;
    memcpy(header + 157, link, strnlen(link, 100));
    memcpy(header + 257, "ustar\00000", 8);
    set_checksum(header);
    return header;
}

static void
put_data(const void *data, size_t len)
{
    memcpy(archive + used, data, len);
    used += (len + 511) / 512 * 512;
}

static void
put_file(const char *name, const char *text)
{
    put_header(name, '0', strlen(text), "");
    put_data(text, strlen(text));
}

static void
put_end(void)
{
    used += 1024;
}

static void
put_pax(const char *records)
{
    put_header("PaxHeaders/x", 'x', strlen(records), "");
    put_data(records, strlen(records));
}

/* ---- reading them ---- */

static int
test_read(struct fs_reader *reader, uint64_t at, void *to, size_t len)
{
    (void)reader;
    assert_true(at <= used && len <= used - at); /* the reader's contract */
    memcpy(to, archive + at, len);
    return 0;
}

static struct tar_tree tree;

static int
load(void)
{
    struct fs_reader reader = {.name = "test", .size = used, .read = test_read};

    return tar_load(&tree, &reader, MEMORY);
}

static const struct tar_node *
node(const char *name)
{
    const struct tar_node *n = tar_find(&tree, name);

    if (!n)
        print_error("no node %s\n", name);
    assert_non_null(n);
    return n;
}

static void
assert_text(const char *name, const char *text)
{
    const struct tar_node *n = node(name)->body;

    assert_int_equal(n->size, strlen(text));
    assert_memory_equal(archive + n->data, text, n->size);
}

static void
assert_absent(const char *name)
{
    assert_null(tar_find(&tree, name));
}

static void
done(void)
{
    tar_free(&tree);
    assert_int_equal(shim_memory_live(), 0);
}

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
    put_header("././@LongLink", 'L', sizeof longer, "");
    put_data(longer, sizeof longer);
    put_file("cut", "long");
    put_header("././@LongLink", 'K', sizeof longer, "");
    put_data(longer, sizeof longer);
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

/* ---- the bad ---- */

static void
not_an_archive(void **state)
{
    (void)state;
    start();
    used = 10240;
    assert_int_equal(load(), -EINVAL); /* zeros */
    memset(archive, 0xa5, used);
    assert_int_equal(load(), -EINVAL);
    used = 0;
    assert_int_equal(load(), -EINVAL);
    used = 511;
    assert_int_equal(load(), -EINVAL);
    assert_int_equal(shim_log_lines(LOG_INFO), 0); /* the caller's to say */
    assert_int_equal(shim_memory_live(), 0);
}

static void
spoil_byte(unsigned char *header)
{
    header[3] ^= 1;
}

static void
spoil_size_text(unsigned char *header)
{
    memcpy(header + 124, "00000000x00", 12);
    set_checksum(header);
}

static void
spoil_size_large(unsigned char *header)
{
    memcpy(header + 124, "77777777777", 12);
    set_checksum(header);
}

static void
spoil_size_base256(unsigned char *header)
{
    memset(header + 124, 0xff, 12); /* minus one */
    set_checksum(header);
}

static void
spoil_size_base256_huge(unsigned char *header)
{
    memset(header + 124, 0, 12);
    header[124] = 0x80;
    header[127] = 1; /* 2^64 */
    set_checksum(header);
}

static void
spoil_size_base256_sign(unsigned char *header)
{
    memset(header + 124, 0, 12);
    header[124] = 0x80;
    header[128] = 0x80; /* 2^63: would become negative */
    set_checksum(header);
}

static void
spoil_size_near_wrap(unsigned char *header)
{
    memset(header + 124, 0, 12);
    header[124] = 0x80;
    memset(header + 129, 0xff, 7);
    header[128] = 0x7f; /* 2^63 - 1: rounding up must not wrap */
    set_checksum(header);
}

static void
damage_ends_the_reading(void **state)
{
    static const struct {
        void (*spoil)(unsigned char *header);
        const char *says;
    } cases[] = {
        {spoil_byte, "the header's checksum is wrong"},
        {spoil_size_text, "the header's size is no number"},
        {spoil_size_large, "the contents run past the end of the archive"},
        {spoil_size_base256, "the header's size is no number"},
        {spoil_size_base256_huge, "the header's size is no number"},
        {spoil_size_base256_sign, "the header's size is no number"},
        {spoil_size_near_wrap, "the contents run past the end of the archive"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        start();
        put_file("good", "before");
        put_file("good2", "before");
        cases[i].spoil(put_header("bad", '0', 0, ""));
        put_file("lost", "after");
        put_end();
        assert_int_equal(load(), 0);
        assert_text("good", "before");
        assert_text("good2", "before");
        assert_absent("bad");
        assert_absent("lost");
        assert_true(shim_log_has("tar on test: damaged at byte 2048: "));
        assert_true(shim_log_has(cases[i].says));
        assert_true(shim_log_has("the 2 entries before it are served"));
        assert_int_equal(shim_log_lines(LOG_WARN), 1);
        done();
    }
}

/* Cut at every length: never a crash, never a file that is not whole. */
static void
truncated_anywhere(void **state)
{
    (void)state;
    start();
    put_file("one", "11111");
    put_pax("18 path=pax/name00\n");
    put_file("two", "22222");
    put_header("././@LongLink", 'L', 6, "");
    put_data("three", 6);
    put_file("x", "33333");
    put_end();
    size_t whole = used;
    for (used = 0; used < whole; used++) {
        int result = load();
        assert_int_equal(result, used < 517 ? -EINVAL : 0);
        if (result == 0 && used >= 517)
            assert_text("one", "11111");
        for (unsigned i = 0; i < tree.count; i++)
            assert_true(tree.nodes[i]->data + tree.nodes[i]->size <= used);
        done();
    }
}

static void
names_stay_inside(void **state)
{
    (void)state;
    start();
    put_file("/etc/passwd", "absolute");
    put_file("../up", "out");
    put_file("a/../../up", "out");
    put_file("a/..", "out");
    put_file("//double//slash/", "is a file all the same");
    put_header("", '0', 0, "");
    put_header("..", '5', 0, "");
    put_file("...", "three dots are a name");
    put_file("last", "x");
    put_end();
    assert_int_equal(load(), 0);
    assert_text("etc/passwd", "absolute");
    assert_text("double/slash", "is a file all the same");
    assert_text("...", "three dots are a name");
    assert_text("last", "x");
    assert_absent("up");
    assert_absent("..");
    assert_absent("a");
    assert_true(shim_log_has("5 left out with a name that cannot be served"));
    done();
}

static void
long_names(void **state)
{
    char name[2000];
    char records[2100];

    (void)state;
    start();
    memset(name, 'n', sizeof name);
    for (size_t i = 100; i < sizeof name; i += 100)
        name[i] = '/';
    put_header("././@LongLink", 'L', 2000, ""); /* too long for a path */
    put_data(name, 2000);
    put_file("cut1", "x");
    name[1999] = '\0';
    snprintf(records, sizeof records, "2009 path=%s\n", name + 1);
    put_pax(records);
    put_file("cut2", "x");
    memset(name, 'c', 300); /* one component */
    put_header("././@LongLink", 'L', 301, "");
    put_data(name, 300);
    put_file("cut3", "x");
    put_file("last", "x");
    put_end();
    assert_int_equal(load(), 0);
    assert_int_equal(tree.count, 2);
    assert_text("last", "x");
    assert_true(shim_log_has("3 left out with a name that cannot be served"));
    done();
}

static void
nul_in_a_pax_path(void **state)
{
    (void)state;
    start();
    put_header("x", 'x', 14, "");
    put_data("14 path=ab\0cd\n", 14);
    put_file("cut", "x");
    put_file("last", "x");
    put_end();
    assert_int_equal(load(), 0);
    assert_absent("cut");
    assert_absent("ab");
    assert_text("last", "x");
    done();
}

static void
bad_pax_headers(void **state)
{
    static const char *const records[] = {
        "0 path=x\n",
        "1 path=x\n",
        "9999999999 path=x\n",
        "99999999999999999999999999 path=x\n",
        "-1 path=x\n",
        "path=x\n",
        "10 path=xx",
        "9 path=xx\n",
        "17 path=real/name\n",
        "8 nopath\n",
        "3 =",
        "5 size=1\n",
        "10 size=x\n",
        "30 size=99999999999999999999\n",
        "48 size=0000000000000000000000000000000000000000\n",
        " 9 path=x\n",
        " \n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
        start();
        put_file("good", "before");
        put_pax(records[i]);
        put_file("member", "x");
        put_end();
        assert_int_equal(load(), 0);
        assert_text("good", "before");
        if (!shim_log_has("damaged at byte 1024: "))
            print_error("record %zu was taken: %s\n", i, records[i]);
        assert_true(shim_log_has("damaged at byte 1024: "));
        assert_absent("member");
        done();
    }
}

static void
link_loops(void **state)
{
    char name[32], next[32];

    (void)state;
    start();
    put_header("self", '1', 0, "self");
    put_header("a", '1', 0, "b");
    put_header("b", '1', 0, "a");
    put_header("nowhere", '1', 0, "missing");
    put_header("dir", '5', 0, "");
    put_header("todir", '1', 0, "dir");
    put_header("outside", '1', 0, "../x");
    for (int i = 0; i < 200; i++) { /* far more links in a row than anybody follows */
        snprintf(name, sizeof name, "chain%d", i);
        snprintf(next, sizeof next, "chain%d", i + 1);
        put_header(name, '1', 0, next);
    }
    put_file("good", "x");
    put_end();
    assert_int_equal(load(), 0);
    assert_absent("self");
    assert_absent("a");
    assert_absent("b");
    assert_absent("nowhere");
    assert_absent("todir");
    assert_absent("outside");
    assert_absent("chain0");
    assert_text("good", "x");
    assert_true(shim_log_has("206 left out as a hard link to nothing"));
    done();
}

static void
kinds_that_are_not_served(void **state)
{
    (void)state;
    start();
    put_header("fifo", '6', 0, "");
    put_header("char", '3', 0, "");
    put_header("block", '4', 0, "");
    put_header("future", 'Z', 3, ""); /* its contents must be skipped */
    put_data("abc", 3);
    unsigned char *sparse = put_header("sparse", 'S', 512, "");
    sparse[482] = 1; /* two more blocks of map */
    set_checksum(sparse);
    archive[used + 504] = 1;
    used += 1024;
    used += 512;
    put_pax("22 GNU.sparse.major=1\n");
    put_file("pax-sparse", "map");
    put_header("label", 'V', 0, "");
    put_file("good", "x");
    put_end();
    assert_int_equal(load(), 0);
    assert_text("good", "x");
    assert_int_equal(tree.count, 2);
    assert_true(shim_log_has("6 left out of a kind that is not served"));
    done();
}

static void
sparse_map_without_end(void **state)
{
    (void)state;
    start();
    put_file("good", "x");
    unsigned char *sparse = put_header("sparse", 'S', 0, "");
    sparse[482] = 1;
    set_checksum(sparse);
    for (int i = 0; i < 10; i++) {
        archive[used + 504] = 1;
        used += 512;
    }
    assert_int_equal(load(), 0);
    assert_text("good", "x");
    assert_true(shim_log_has("ends inside a sparse file's map"));
    done();
}

/* A name that is a file and a directory at once: nothing is served below the file. */
static void
files_with_children(void **state)
{
    (void)state;
    start();
    put_header("lib", '2', 0, "usr/lib");
    put_file("lib/a", "x");
    put_file("lib/sub/b", "x");
    put_file("lib-c", "x");
    put_end();
    assert_int_equal(load(), 0);
    assert_absent("lib/a");
    assert_absent("lib/sub/b");
    assert_text("lib-c", "x");
    assert_true(shim_log_has("left out below something that is no directory"));
    done();
}

static void
memory_is_bounded(void **state)
{
    struct fs_reader reader = {.name = "test", .read = test_read};
    char name[64];

    (void)state;
    start();
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "file%d", i);
        put_file(name, "");
    }
    put_end();
    reader.size = used;
    assert_int_equal(tar_load(&tree, &reader, 32 << 10), 0);
    assert_true(tree.count > 50 && tree.count < 400);
    assert_true(shim_log_has("too many names for this memory"));
    node("file0");
    done();
    assert_int_equal(tar_load(&tree, &reader, 10), -ENOMEM);
    done();
    assert_int_equal(load(), 0);
    assert_int_equal(tree.count, 2001);
    done();
}

/* One member can imply hundreds of directories; they are counted like everything else. */
static void
implied_directories_are_bounded(void **state)
{
    struct fs_reader reader = {.name = "test", .read = test_read};
    char name[1000];

    (void)state;
    start();
    for (size_t i = 0; i < sizeof name - 1; i++)
        name[i] = i % 2 ? '/' : 'd';
    name[998] = '\0';
    put_header("././@LongLink", 'L', 999, "");
    put_data(name, 999);
    put_file("x", "deep");
    put_end();
    assert_int_equal(load(), 0);
    assert_int_equal(tree.count, 500); /* 498 directories, the root, the file */
    done();
    reader.size = used;
    assert_int_equal(tar_load(&tree, &reader, 64 << 10), 0);
    assert_true(shim_log_has("too many names for this memory"));
    done();
}

/* Every allocation fails once; what is built by then is freed. */
static void
memory_runs_out(void **state)
{
    (void)state;
    start();
    put_file("a/b/c", "x");
    put_file("d", "y");
    put_end();
    for (long n = 0; n < 12; n++) {
        shim_memory_fail_after(n);
        int result = load();
        shim_memory_fail_after(-1);
        assert_true(result == 0 || result == -ENOMEM);
        done();
    }
}

static int
failing_read(struct fs_reader *reader, uint64_t at, void *to, size_t len)
{
    return at >= 1024 ? -EIO : test_read(reader, at, to, len);
}

static void
reader_fails(void **state)
{
    struct fs_reader reader = {.name = "test", .read = failing_read};

    (void)state;
    start();
    put_file("good", "x");
    put_file("unread", "x");
    put_end();
    reader.size = used;
    assert_int_equal(tar_load(&tree, &reader, MEMORY), 0);
    assert_text("good", "x");
    assert_absent("unread");
    assert_true(shim_log_has("cannot be read at byte 1024 (error 5)"));
    done();
}

/* Bytes of a good archive, changed at random: the reader's contract is asserted in test_read,
 * the sanitizers watch the rest. */
static void
random_damage(void **state)
{
    static unsigned char good[16384];
    uint32_t seed = 12345;

    (void)state;
    start();
    put_file("one", "11111");
    put_pax("18 path=pax/name0\n9 size=5\n");
    put_file("two", "22222");
    put_header("././@LongLink", 'L', 6, "");
    put_data("three", 6);
    put_header("hard", '1', 0, "one");
    put_header("soft", '2', 0, "one");
    put_end();
    memcpy(good, archive, used);
    for (int round = 0; round < 20000; round++) {
        memcpy(archive, good, used);
        for (int i = 0; i < 1 + round % 4; i++) {
            seed = seed * 1664525u + 1013904223u;
            archive[(seed >> 8) % used] = (unsigned char)(seed >> 24);
        }
        if (round % 2) /* past the checksum, to what lies behind it */
            for (size_t at = 0; at + 512 <= used; at += 1024)
                if (archive[at])
                    set_checksum(archive + at);
        (void)load();
        tar_free(&tree);
    }
    assert_int_equal(shim_memory_live(), 0);
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
    used = fread(archive, 1, sizeof archive, f);
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
        command, sizeof command,
        "cd %s && mkdir -p in/sub in/%.90s && printf hello >in/hello && : >in/sub/empty && "
        "seq 100000 >in/sub/big && ln -s sub/big in/soft && ln in/hello in/sub/hard && "
        "printf long >in/%s && touch -d @1234567890 in/hello && chmod 751 in/hello",
        folder, longer, longer);
    shell(command);
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        bool no_long = strcmp(formats[i], "v7") == 0;
        snprintf(command, sizeof command, "cd %s/in && tar --format=%s %s -cf ../%s.tar .",
                 folder, formats[i], no_long ? "--exclude='lll*'" : "", formats[i]);
        shell(command);
        snprintf(name, sizeof name, "%s/%s.tar", folder, formats[i]);
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
    snprintf(command, sizeof command, "rm -r %s", folder);
    shell(command);
}

/* ---- mounted ---- */

void
file_release(struct file *file)
{
    if (--file->refs == 0)
        file->ops->close(file);
}

/* The names of a directory, read through a buffer of this size, each with a blank behind. */
static const char *
names_in(const char *path, size_t size)
{
    static char names[512];
    char *buffer = malloc(size);
    struct file *file;
    long n;

    names[0] = '\0';
    assert_int_equal(fs_open("/", path, FILE_O_DIRECTORY, &file), 0);
    while ((n = file->ops->getdents(file, buffer, size)) > 0)
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
    assert_int_equal(fs_open("/dir/sub", "../sym", 0, &file), 0);
    assert_int_equal(file->ops->pread(file, text, sizeof text, 2), 3);
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

    assert_int_equal(fs_open("/", "dir/one", FILE_O_RDWR, &file), -EROFS);
    assert_int_equal(fs_open("/", "dir/one", FILE_O_TRUNC, &file), -EROFS);
    assert_int_equal(fs_open("/", "dir", FILE_O_WRONLY, &file), -EISDIR);
    assert_int_equal(fs_open("/", "dir/none", 0, &file), -ENOENT);
    assert_int_equal(fs_open("/", "dir/one/x", 0, &file), -ENOTDIR);
    for (long n = 0; n < 2; n++) { /* no memory for the file, then for its path */
        shim_memory_fail_after(n);
        assert_int_equal(fs_open("/", "dir", 0, &file), -ENOMEM);
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
        cmocka_unit_test(not_an_archive),
        cmocka_unit_test(damage_ends_the_reading),
        cmocka_unit_test(truncated_anywhere),
        cmocka_unit_test(names_stay_inside),
        cmocka_unit_test(long_names),
        cmocka_unit_test(nul_in_a_pax_path),
        cmocka_unit_test(bad_pax_headers),
        cmocka_unit_test(link_loops),
        cmocka_unit_test(kinds_that_are_not_served),
        cmocka_unit_test(sparse_map_without_end),
        cmocka_unit_test(files_with_children),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(implied_directories_are_bounded),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(reader_fails),
        cmocka_unit_test(random_damage),
        cmocka_unit_test(real_archives),
        cmocka_unit_test(mounted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
