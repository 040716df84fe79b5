/*
 * Archives that are wrong: damaged, cut, or lying about names, links and sizes, against lib/fs.
 */
#include "tar_bed.h"

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
    memset(name, 'n', sizeof(name));
    for (size_t i = 100; i < sizeof(name); i += 100)
        name[i] = '/';
    put_header("././@LongLink", 'L', 2000, ""); /* too long for a path */
    put_data(name, 2000);
    put_file("cut1", "x");
    name[1999] = '\0';
    snprintf(records, sizeof(records), "2009 path=%s\n", name + 1);
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
        snprintf(name, sizeof(name), "chain%d", i);
        snprintf(next, sizeof(next), "chain%d", i + 1);
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
        snprintf(name, sizeof(name), "file%d", i);
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
    for (size_t i = 0; i < sizeof(name) - 1; i++)
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
