/*
 * The command line: every case of tests/data/cmdline.cases, which the system tests repeat on a
 * booted guest; the limits, which the file leaves out; and what QEMU puts in front of the
 * words.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/cmdline.h"
#include "kernel/kernel.h"

#define CASES "tests/data/cmdline.cases"

static char warnings[300][512];
static int nr_warnings;

void
log_print(enum log_level level, const char *format, ...)
{
    va_list ap;

    assert_int_equal(level, LOG_WARN);
    assert_true(nr_warnings < (int)ARRAY_SIZE(warnings));
    va_start(ap, format);
    vsnprintf(warnings[nr_warnings++], sizeof(warnings[0]), format, ap);
    va_end(ap);
}

/* From an allocation of just its size, so that the sanitizer sees a step past either end. */
static char *
start(const char *text)
{
    char *copy = strdup(text);

    nr_warnings = 0;
    cmdline_init(copy, "app");
    assert_string_equal(cmdline_argv()[0], "app");
    assert_null(cmdline_argv()[cmdline_argc()]);
    return copy;
}

static const char *
look_up(char *name)
{
    char *colon = strchr(name, ':');

    if (!colon)
        return cmdline_word(NULL, name);
    *colon = '\0';
    return cmdline_word(name, colon + 1);
}

/* Where the test stands in the file, and what of the open case was seen. */
struct reader {
    int line;
    char *text; /* NULL before the first case */
    int arguments, warnings;
    char nth_key[32]; /* of the "nth" lines, and how many they were */
    int nth;
};

static void
end_case(struct reader *r)
{
    if (!r->text)
        return;
    if (r->arguments + 1 != cmdline_argc() || r->warnings != nr_warnings)
        fail_msg("%s: case before line %d: %d arguments and %d warnings", CASES, r->line,
                 cmdline_argc() - 1, nr_warnings);
    if (r->nth && cmdline_nth(r->nth_key, r->nth))
        fail_msg("%s: case before line %d: more than %d '%s'", CASES, r->line, r->nth,
                 r->nth_key);
    free(r->text);
}

static void
expect(const struct reader *r, const char *want, const char *got)
{
    if (!got || strcmp(want, got) != 0)
        fail_msg("%s:%d: '%s' instead of '%s'", CASES, r->line, got ? got : "(none)", want);
}

/* "N KEY VALUE" */
static void
expect_nth(struct reader *r, char *value)
{
    int n, at;

    assert_int_equal(sscanf(value, "%d %31s %n", &n, r->nth_key, &at), 2);
    assert_int_equal(n, r->nth);
    expect(r, value + at, cmdline_nth(r->nth_key, r->nth++));
}

static void
expectation(struct reader *r, const char *verb, char *value)
{
    if (strcmp(verb, "arg") == 0) {
        expect(r, value, ++r->arguments < cmdline_argc() ? cmdline_argv()[r->arguments] : NULL);
    } else if (strcmp(verb, "warn") == 0) {
        if (r->warnings == nr_warnings || !strstr(warnings[r->warnings++], value))
            fail_msg("%s:%d: no such warning", CASES, r->line);
    } else if (strcmp(verb, "word") == 0) {
        char *want = strchr(value, ' ');
        *want++ = '\0';
        expect(r, want, look_up(value));
    } else if (strcmp(verb, "nth") == 0) {
        expect_nth(r, value);
    } else if (strcmp(verb, "none") == 0) {
        assert_null(look_up(value));
    } else {
        fail_msg("%s:%d: what is '%s'?", CASES, r->line, verb);
    }
}

static void
test_cases(void **state)
{
    struct reader r = {0};
    char line[1024];
    int cases = 0;
    FILE *file = fopen(CASES, "r");

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        r.line++;
        line[strcspn(line, "\n")] = '\0';
        if (!line[0] || line[0] == '#')
            continue;
        char *value = strchr(line, ' ');
        assert_non_null(value);
        *value++ = '\0';
        if (strcmp(line, "text") != 0) {
            expectation(&r, line, value);
            continue;
        }
        end_case(&r);
        r = (struct reader){.line = r.line, .text = start(value)};
        cases++;
    }
    r.line++;
    end_case(&r);
    fclose(file);
    assert_true(cases > 20);
}

/* `count` times the same word, with a blank between. */
static char *
repeat(const char *word, int count)
{
    char *text = calloc((size_t)count, strlen(word) + 1);

    for (int i = 0; i < count; i++)
        sprintf(text + strlen(text), i ? " %s" : "%s", word);
    return text;
}

static void
check_limit(const char *word, int count, int argc, int warned)
{
    char *text = repeat(word, count);
    char *kept = start(text);

    assert_int_equal(cmdline_argc(), argc);
    assert_int_equal(nr_warnings, warned);
    free(kept);
    free(text);
}

static void
test_limits(void **state)
{
    (void)state;
    check_limit("a", CMDLINE_MAX_WORDS - 1, CMDLINE_MAX_WORDS, 0);
    check_limit("a", CMDLINE_MAX_WORDS, CMDLINE_MAX_WORDS, 1);
    check_limit("ip=x", CMDLINE_MAX_WORDS, 1, 0);
    check_limit("ip=x", CMDLINE_MAX_WORDS + 1, 1, 1);
    /* All that is too much for either list, then one line for what was not even split. */
    check_limit("a", 3 * CMDLINE_MAX_WORDS, CMDLINE_MAX_WORDS, 1 + CMDLINE_MAX_WORDS + 1);
}

static void
test_random_bytes(void **state)
{
    static const char alphabet[] = "a=:-\"\\ \tiperootgwh01";
    char text[80];

    (void)state;
    srand(1);
    for (int round = 0; round < 20000; round++) {
        size_t len = (size_t)rand() % (sizeof(text) - 1);
        for (size_t i = 0; i < len; i++)
            text[i] = alphabet[(size_t)rand() % (sizeof(alphabet) - 1)];
        text[len] = '\0';
        free(start(text));
    }
}

static void
test_after_path(void **state)
{
    static const struct {
        const char *text, *name, *rest;
    } cases[] = {
        {"hello.elf a b", "hello.elf", " a b"},
        {"build/hello.elf", "hello.elf", ""},
        {"/x/hello.elf  ip=dhcp", "hello.elf", "  ip=dhcp"},
        {"/tmp/my dir/hello.elf a", "hello.elf", " a"},
        {"/tmp/ip=dhcp x/hello.elf a", "hello.elf", " a"},
        {"/tmp/a -- b/hello.elf -- c", "hello.elf", " -- c"},
        {"/hello.elf.d/hello.elf a", "hello.elf", " a"},
        {"/xhello.elf/hello.elf a", "hello.elf", " a"},
        {"/hello.elf/hello.elf a", "hello.elf", " a"},
        {"./hello.elf /hello.elf", "hello.elf", " /hello.elf"},
        {"renamed a /b", "hello.elf", " a /b"},
        {"hello.elf2", "hello.elf", ""},
        {"", "hello.elf", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_string_equal(cmdline_after_path(cases[i].text, cases[i].name), cases[i].rest);
}

static void
test_bad_value(void **state)
{
    (void)state;
    nr_warnings = 0;
    cmdline_bad_value("ip", "x", "dhcp or an address");
    assert_int_equal(nr_warnings, 1);
    assert_non_null(strstr(warnings[0], "ip=x"));
    assert_non_null(strstr(warnings[0], "dhcp or an address"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_random_bytes), cmocka_unit_test(test_after_path),
        cmocka_unit_test(test_bad_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
