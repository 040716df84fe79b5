/*
 * The request parser of httpd against what clients send, and what those send who mean harm.
 * The head lies at the end of memory of its own, so that the sanitizer sees a read behind it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "apps/httpd/request.h"

#define HOST "Host: ringlet\r\n"

static char *head;
static struct request request;

/* Parse a copy of exactly these bytes. */
static size_t
parse_bytes(const char *text, size_t len)
{
    free(head);
    head = malloc(len ? len : 1);
    memcpy(head, text, len);
    return request_parse(head, len, &request);
}

static size_t
parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static void
assert_status(const char *text, int status)
{
    size_t len = parse(text);

    if (len != strlen(text) || request.status != status)
        print_error("%zu of %zu bytes, status %d: %s\n", len, strlen(text), request.status,
                    text);
    assert_int_equal(len, strlen(text));
    assert_int_equal(request.status, status);
}

static int
end(void **state)
{
    (void)state;
    free(head);
    head = NULL;
    return 0;
}

static void
simple_requests(void **state)
{
    (void)state;
    assert_status("GET / HTTP/1.1\r\n" HOST "\r\n", 0);
    assert_string_equal(request.path, "/");
    assert_string_equal(request.query, "");
    assert_false(request.head);
    assert_true(request.keep_alive);
    assert_status("HEAD /a/b.txt?x=1&y HTTP/1.1\r\nhOsT:ringlet\r\nConnection: close\r\n\r\n",
                  0);
    assert_string_equal(request.path, "/a/b.txt");
    assert_string_equal(request.query, "?x=1&y");
    assert_true(request.head);
    assert_false(request.keep_alive);
    assert_status("GET / HTTP/1.0\r\n\r\n", 0);
    assert_false(request.keep_alive);
    assert_status("GET / HTTP/1.0\r\nConnection: foo, Keep-Alive\r\n\r\n", 0);
    assert_true(request.keep_alive);
    assert_status("GET / HTTP/1.1\nHost: x\n\n", 0); /* bare line feeds */
    assert_status("\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 0);
    assert_status("GET http://ringlet/a HTTP/1.1\r\n" HOST "\r\n", 0);
    assert_string_equal(request.path, "/a");
    assert_status("GET http://ringlet HTTP/1.1\r\n" HOST "\r\n", 0);
    assert_string_equal(request.path, "/");
    assert_status("GET http://ringlet?q HTTP/1.1\r\n" HOST "\r\n", 0);
    assert_string_equal(request.path, "/");
    assert_string_equal(request.query, "?q");
}

static void
fields(void **state)
{
    (void)state;
    assert_status("GET / HTTP/1.1\r\n" HOST "Range: \t bytes=0-1 \t\r\nIf-Range: \"a\"\r\n"
                  "If-None-Match: W/\"b\"\r\nIf-Modified-Since: then\r\nRange: bytes=5-\r\n"
                  "Content-Length: 12\r\nX-Other: \xff\xfe\r\nEmpty:\r\n\r\n",
                  0);
    assert_string_equal(request.range, "bytes=0-1");
    assert_string_equal(request.if_range, "\"a\"");
    assert_string_equal(request.if_none_match, "W/\"b\"");
    assert_string_equal(request.if_modified_since, "then");
    assert_int_equal(request.body, 12);
    assert_false(request.expects_100);
    assert_status("GET / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\n\r\n", 0);
    assert_true(request.expects_100);
}

/* However the bytes arrive: nothing before the last one, then all of them. */
static void
arrives_in_pieces(void **state)
{
    const char *text = "GET /index.html HTTP/1.1\r\n" HOST "Accept: */*\r\n\r\nGET /next";
    size_t whole = strstr(text, "\r\n\r\n") + 4 - text;

    (void)state;
    for (size_t len = 0; len <= strlen(text); len++) {
        size_t used = parse_bytes(text, len);
        assert_int_equal(used, len < whole ? 0 : whole);
    }
    assert_string_equal(request.path, "/index.html");
}

static void
paths_are_decoded(void **state)
{
    static const struct {
        const char *target, *path; /* NULL: refused */
    } cases[] = {
        {"/%41%62c", "/Abc"},
        {"/a%20b", "/a b"},
        {"/%c3%a4", "/\xc3\xa4"},
        {"/\xc3\xa4", "/\xc3\xa4"},
        {"//a///b//", "/a/b/"},
        {"/./a/././b/.", "/a/b/"},
        {"/.", "/"},
        {"/a/...", "/a/..."},
        {"/..a/b..", "/..a/b.."},
        {"/.a", "/.a"},
        {"/a%3fb?c%2f", "/a?b"},
        {"/..", NULL},
        {"/../etc", NULL},
        {"/a/../../etc", NULL},
        {"/a/..", NULL},
        {"/%2e%2e/etc", NULL},
        {"/.%2E/etc", NULL},
        {"/%2e./etc", NULL},
        {"/a/..?x", NULL},
        {"/..%2fetc", NULL},
        {"/a%2fb", NULL},
        {"/a\\b", NULL},
        {"/..%5cetc", NULL},
        {"/a%00.html", NULL},
        {"/a%0d%0aX:y", NULL},
        {"/a%7f", NULL},
        {"/a\x01", NULL},
        {"/%", NULL},
        {"/%4", NULL},
        {"/%4g", NULL},
        {"/%%41", NULL},
        {"/%u0041", NULL},
        {"/a?b\x7f", NULL},
        {"a", NULL},
        {"*", NULL},
        {"http://", NULL},
        {"http:///a", NULL},
        {"https://ringlet/", NULL},
        {"ringlet:80", NULL},
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        strcpy(text, "GET ");
        strcat(text, cases[i].target);
        strcat(text, " HTTP/1.1\r\n" HOST "\r\n");
        assert_status(text, cases[i].path ? 0 : 400);
        if (cases[i].path)
            assert_string_equal(request.path, cases[i].path);
        else
            assert_false(request.keep_alive);
    }
}

static void
refused_lines(void **state)
{
    static const struct {
        const char *line;
        int status;
    } cases[] = {
        {"POST / HTTP/1.1", 405},
        {"OPTIONS * HTTP/1.1", 405},
        {"CONNECT ringlet:80 HTTP/1.1", 405},
        {"BREW / HTTP/1.1", 501},
        {"get / HTTP/1.1", 501},
        {"GET / HTTP/2.0", 505},
        {"GET / HTTP/0.9", 505},
        {"GET / HTTP/1.10", 400},
        {"GET / HTTP/11", 400},
        {"GET / http/1.1", 400},
        {"GET / HTTP/1.x", 400},
        {"GET /", 400},
        {"GET", 400},
        {"GET  / HTTP/1.1", 400},
        {"GET /  HTTP/1.1", 400},
        {"GET / HTTP/1.1 ", 400},
        {"GET\t/ HTTP/1.1", 400},
        {" GET / HTTP/1.1", 400},
        {"G(T / HTTP/1.1", 400},
        {": / HTTP/1.1", 400},
        {"GET / HTTP/1.1\rX", 400},
        {"GET http://a\tb/ HTTP/1.1", 400},
        {"GET http://a\1b/ HTTP/1.1", 400},
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        strcpy(text, cases[i].line);
        strcat(text, "\r\n" HOST "\r\n");
        assert_status(text, cases[i].status);
    }
}

static void
refused_fields(void **state)
{
    static const struct {
        const char *fields;
        int status;
    } cases[] = {
        {"", 400}, /* no Host */
        {HOST HOST, 400},
        {"Host: a b\r\n", 400},
        {"Host: a,b\r\n", 400},
        {"Host: a/b\r\n", 400},
        {"Host: u@h\r\n", 400},
        {"Host : x\r\n", 400},
        {HOST " folded\r\n", 400},
        {HOST "X: y\r\n\tfolded\r\n", 400},
        {HOST "no colon\r\n", 400},
        {HOST ": no name\r\n", 400},
        {HOST "X(: y\r\n", 400},
        {HOST "X: a\rb\r\n", 400},
        {HOST "X: a\x01"
              "b\r\n",
         400},
        {HOST "X: \x7f\r\n", 400},
        {HOST "Content-Length: x\r\n", 400},
        {HOST "Content-Length:\r\n", 400},
        {HOST "Content-Length: +5\r\n", 400},
        {HOST "Content-Length: -5\r\n", 400},
        {HOST "Content-Length: 0x10\r\n", 400},
        {HOST "Content-Length: 5, 5\r\n", 400},
        {HOST "Content-Length: 5\r\nContent-Length: 5\r\n", 400},
        {HOST "Content-Length: 5\r\nContent-Length: 6\r\n", 400},
        {HOST "Content-Length: 99999999999999999999\r\n", 400},
        {HOST "Content-Length: 18446744073709551617\r\n", 400},
        {HOST "Transfer-Encoding: chunked\r\n", 501},
        {HOST "Transfer-Encoding: identity\r\n", 501},
        {HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400},
        {HOST "Transfer-Encoding : chunked\r\n", 400},
        {HOST "Expect: magic\r\n", 417},
    };
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        strcpy(text, "GET / HTTP/1.1\r\n");
        strcat(text, cases[i].fields);
        strcat(text, "\r\n");
        assert_status(text, cases[i].status);
        assert_false(request.keep_alive);
    }
    assert_status("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
}

/* The connection may stay only if it is certain where the next request begins. */
static void
refused_but_framed(void **state)
{
    (void)state;
    assert_status("POST /x HTTP/1.1\r\n" HOST "Content-Length: 7\r\n\r\n", 405);
    assert_true(request.keep_alive);
    assert_int_equal(request.body, 7);
    assert_status("POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 405);
    assert_false(request.keep_alive);
}

static void
nul_bytes(void **state)
{
    static const char in_line[] = "GET /\0 HTTP/1.1\r\n" HOST "\r\n";
    static const char in_field[] = "GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n";
    static const char at_end[] = "GET / HTTP/1.1\r\n" HOST "X: a\0\n\r\n";

    (void)state;
    assert_int_equal(parse_bytes(in_line, sizeof(in_line) - 1), sizeof(in_line) - 1);
    assert_int_equal(request.status, 400);
    assert_int_equal(parse_bytes(in_field, sizeof(in_field) - 1), sizeof(in_field) - 1);
    assert_int_equal(request.status, 400);
    assert_int_equal(parse_bytes(at_end, sizeof(at_end) - 1), sizeof(at_end) - 1);
    assert_int_equal(request.status, 400);
    assert_false(request.keep_alive);
}

static void
too_long(void **state)
{
    static char text[REQUEST_HEAD_MAX + 1];

    (void)state;
    /* A line without end, fields without end, empty lines without end. */
    memset(text, 'a', sizeof(text));
    memcpy(text, "GET /", 5);
    assert_int_equal(parse_bytes(text, REQUEST_HEAD_MAX - 1), 0);
    assert_int_equal(parse_bytes(text, REQUEST_HEAD_MAX), REQUEST_HEAD_MAX);
    assert_int_equal(request.status, 414);
    memcpy(text, "GET / HTTP/1.1\r\n", 16);
    assert_int_equal(parse_bytes(text, REQUEST_HEAD_MAX), REQUEST_HEAD_MAX);
    assert_int_equal(request.status, 431);
    assert_false(request.keep_alive);
    memset(text, '\n', sizeof(text));
    assert_int_equal(parse_bytes(text, REQUEST_HEAD_MAX), REQUEST_HEAD_MAX);
    assert_int_not_equal(request.status, 0);

    /* A target that ends, but is longer than any path may be. */
    memset(text, 0, sizeof(text));
    strcpy(text, "GET /");
    memset(text + 5, 'a', 998);
    strcat(text, " HTTP/1.1\r\n" HOST "\r\n");
    assert_status(text, 0);
    text[5 + 998] = 'a';
    text[5 + 999] = '\0';
    strcat(text, " HTTP/1.1\r\n" HOST "\r\n");
    assert_status(text, 414);
}

static void
ranges(void **state)
{
    static const struct {
        const char *field;
        uint64_t size;
        enum range expected;
        uint64_t first, last;
    } cases[] = {
        {"bytes=0-0", 10, RANGE_GOOD, 0, 0},
        {"bytes=2-5", 10, RANGE_GOOD, 2, 5},
        {"bytes=2-", 10, RANGE_GOOD, 2, 9},
        {"BYTES=9-9", 10, RANGE_GOOD, 9, 9},
        {"bytes=2-99", 10, RANGE_GOOD, 2, 9},
        {"bytes=-3", 10, RANGE_GOOD, 7, 9},
        {"bytes=-99", 10, RANGE_GOOD, 0, 9},
        {"bytes=0-9223372036854775790", 10, RANGE_GOOD, 0, 9},
        {"bytes=10-", 10, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=10-20", 10, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=-0", 10, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=0-", 0, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=-5", 0, RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=5-2", 10, RANGE_NONE, 0, 0},
        {"bytes=0-1,3-4", 10, RANGE_NONE, 0, 0},
        {"bytes=", 10, RANGE_NONE, 0, 0},
        {"bytes=-", 10, RANGE_NONE, 0, 0},
        {"bytes=x-", 10, RANGE_NONE, 0, 0},
        {"bytes=1-x", 10, RANGE_NONE, 0, 0},
        {"bytes= 1-2", 10, RANGE_NONE, 0, 0},
        {"bytes=1", 10, RANGE_NONE, 0, 0},
        {"lines=1-2", 10, RANGE_NONE, 0, 0},
        {"bytes=99999999999999999999-", 10, RANGE_NONE, 0, 0},
        {"bytes=--5", 10, RANGE_NONE, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t first = 77, last = 77;
        enum range range = request_range(cases[i].field, cases[i].size, &first, &last);
        if (range != cases[i].expected)
            print_error("%s of %d\n", cases[i].field, (int)cases[i].size);
        assert_int_equal(range, cases[i].expected);
        if (range == RANGE_GOOD) {
            assert_int_equal(first, cases[i].first);
            assert_int_equal(last, cases[i].last);
        }
    }
}

static void
tags(void **state)
{
    (void)state;
    assert_true(request_has_tag("\"a\"", "\"a\""));
    assert_true(request_has_tag("W/\"a\"", "\"a\""));
    assert_true(request_has_tag("\"x\", \"a,b\" ,W/\"a\"", "\"a\""));
    assert_true(request_has_tag(" *", "\"a\""));
    assert_false(request_has_tag("\"ab\"", "\"a\""));
    assert_false(request_has_tag("\"A\"", "\"a\""));
    assert_false(request_has_tag("a", "\"a\""));
    assert_false(request_has_tag("\"a", "\"a\""));
    assert_false(request_has_tag("\"x\" junk \"a\"", "\"a\""));
    assert_false(request_has_tag("", "\"a\""));
}

/* Good requests with bytes changed: no crash, no path that leaves the root. */
static void
random_damage(void **state)
{
    const char *good =
        "GET /a/./b%20c?d HTTP/1.1\r\n" HOST "Range: bytes=0-1\r\n"
        "Content-Length: 3\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n\r\n";
    const char pool[] = "/.%\\ \r\n\t\0:?25fFeE*,-";
    size_t len = strlen(good);
    uint32_t seed = 4711;
    char text[256];

    (void)state;
    for (int round = 0; round < 200000; round++) {
        memcpy(text, good, len);
        for (int i = 0; i <= round % 6; i++) {
            seed = seed * 1664525u + 1013904223u;
            text[(seed >> 20) % len] = pool[(seed >> 8) % (sizeof(pool) - 1)];
        }
        size_t used = parse_bytes(text, len);
        assert_true(used <= len);
        if (!used || request.status)
            continue;
        assert_int_equal(request.path[0], '/');
        assert_null(strstr(request.path, "/../"));
        assert_null(strchr(request.path, '\\'));
        assert_null(strstr(request.path, "//"));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_requests),
        cmocka_unit_test(fields),
        cmocka_unit_test(arrives_in_pieces),
        cmocka_unit_test(paths_are_decoded),
        cmocka_unit_test(refused_lines),
        cmocka_unit_test(refused_fields),
        cmocka_unit_test(refused_but_framed),
        cmocka_unit_test(nul_bytes),
        cmocka_unit_test(too_long),
        cmocka_unit_test(ranges),
        cmocka_unit_test(tags),
        cmocka_unit_test(random_damage),
    };

    return cmocka_run_group_tests(tests, NULL, end);
}
