/*
 * Archives made byte by byte, so that every field can lie, and how the tests read them: they
 * look at the tree and at the lines on the log. Everything must be freed at the end.
 */
#ifndef TESTS_UNIT_TAR_BED_H
#define TESTS_UNIT_TAR_BED_H

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
    memset(archive, 0, sizeof(archive));
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

#endif
