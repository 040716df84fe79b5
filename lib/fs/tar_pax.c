/*
 * Extended headers in front of a member (POSIX.1-2001, "pax Interchange Format"): records of
 * text, of which path, linkpath, size and mtime count. Relies on tar_scan.c for names and for
 * saying what is damaged.
 */
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lib/fs/tar.h"
#include "lib/fs/tar_scan.h"

/* Decimal digits up to `len`; -EINVAL if there is anything else or it passes 63 bits. */
static int
parse_decimal(const char *text, size_t len, uint64_t *out)
{
    uint64_t value = 0;

    if (len == 0)
        return -EINVAL;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || value > (INT64_MAX - 9) / 10)
            return -EINVAL;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    *out = value;
    return 0;
}

/* Seconds with an optional sign and fraction, which is dropped. */
static void
parse_mtime(const char *text, struct tar_overrides *over)
{
    bool minus = text[0] == '-';
    const char *dot = strchr(text, '.');
    size_t len = (dot ? (size_t)(dot - text) : strlen(text)) - minus;
    uint64_t value;

    if (parse_decimal(text + minus, len, &value))
        return;
    over->mtime = true;
    over->mtime_value = minus ? -(int64_t)value : (int64_t)value;
}

/* One "key=value" whose value lies at [at, at + len). */
static int
pax_record(struct tar_scan *scan, const char *key, uint64_t at, uint64_t len,
           struct tar_member *member, struct tar_overrides *over)
{
    char text[32];

    if (strncmp(key, "GNU.sparse.", 11) == 0)
        over->fitness = TAR_SPARSE;
    if (strcmp(key, "path") == 0) {
        over->name = true;
        return tar_read_name(scan, at, len, member->name, &over->fitness);
    }
    if (strcmp(key, "linkpath") == 0) {
        over->link = true;
        return tar_read_name(scan, at, len, member->link, &over->fitness);
    }
    if (strcmp(key, "size") != 0 && strcmp(key, "mtime") != 0)
        return 0;
    if (len >= sizeof(text))
        return tar_damaged(scan, "a number in a pax header is too long");
    int error = scan->reader->read(scan->reader, at, text, (size_t)len);
    if (error)
        return error;
    text[len] = '\0';
    if (key[0] == 'm') {
        parse_mtime(text, over);
        return 0;
    }
    over->size = true;
    if (parse_decimal(text, (size_t)len, &over->size_value))
        return tar_damaged(scan, "a size in a pax header is no number");
    return 0;
}

/*
 * "LENGTH key=value\n", LENGTH counting all of it, itself included. Only the beginning of a
 * record is read, so a long value that nobody wants costs nothing. Bytes of the record, or
 * negative errno.
 */
static int64_t
pax_step(struct tar_scan *scan, uint64_t at, uint64_t left, struct tar_member *member,
         struct tar_overrides *over)
{
    char head[64];
    size_t have = (size_t)MIN(left, sizeof(head) - 1);
    uint64_t record;

    int error = scan->reader->read(scan->reader, at, head, have);
    if (error)
        return error;
    head[have] = '\0';
    char *blank = strchr(head, ' ');
    if (!blank || parse_decimal(head, (size_t)(blank - head), &record) || record > left)
        return tar_damaged(scan, "a pax header has a wrong length");
    char *key = blank + 1;
    char *equals = strchr(key, '=');
    char last = 0;
    if (record > 0)
        error = scan->reader->read(scan->reader, at + record - 1, &last, 1);
    if (error)
        return error;
    if (last != '\n')
        return tar_damaged(scan, "a pax header has a wrong length");
    if (!equals) /* a key that is longer than any that counts here */
        return record > (uint64_t)have ? (int64_t)record
                                       : tar_damaged(scan, "a pax header lacks a value");
    uint64_t value = (uint64_t)(equals + 1 - head);
    if (record < value + 1)
        return tar_damaged(scan, "a pax header has a wrong length");
    *equals = '\0';
    error = pax_record(scan, key, at + value, record - value - 1, member, over);
    return error ? error : (int64_t)record;
}

int
tar_read_pax(struct tar_scan *scan, uint64_t at, uint64_t size, struct tar_member *member,
             struct tar_overrides *over)
{
    while (size > 0) {
        int64_t record = pax_step(scan, at, size, member, over);
        if (record < 0)
            return (int)record;
        at += (uint64_t)record;
        size -= (uint64_t)record;
    }
    return 0;
}
