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

static int
nr_arguments(void)
{
    int n = 0;

    for (char *word = NULL; (word = cmdline_argument(word));)
        n++;
    return n;
}

/* From 1 on; NULL behind the last. */
static const char *
argument(int n)
{
    char *word = NULL;

    while (n-- > 0 && (word = cmdline_argument(word)))
        continue;
    return word;
}

/* The nth variable, from 0 on; NULL behind the last. */
static const char *
variable(int n)
{
    char *word = cmdline_variable(NULL);

    while (word && n-- > 0)
        word = cmdline_variable(word);
    return word;
}

/* From an allocation of just its size, so that the sanitizer sees a step past either end. */
static char *
start(const char *text)
{
    char *copy = strdup(text);

    nr_warnings = 0;
    cmdline_init(copy, "app");
    assert_string_equal(cmdline_program(), "app");
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
    int arguments, variables, warnings;
    char nth_key[32]; /* of the "nth" lines, and how many they were */
    int nth;
};

static void
end_case(struct reader *r)
{
    if (!r->text)
        return;
    if (r->arguments != nr_arguments() || r->warnings != nr_warnings || variable(r->variables))
        fail_msg("%s: case before line %d: %d arguments, %d warnings, or a variable too many",
                 CASES, r->line, nr_arguments(), nr_warnings);
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
        expect(r, value, argument(++r->arguments));
    } else if (strcmp(verb, "env") == 0) {
        expect(r, value, variable(r->variables++));
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

/* There is no limit but the text's own length. */
static void
test_many(void **state)
{
    static const int counts[] = {1, 64, 65, 1000, 20000};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(counts); i++) {
        char *text = repeat("a", counts[i]);
        char *kept = start(text);
        assert_int_equal(nr_arguments(), counts[i]);
        assert_int_equal(nr_warnings, 0);
        free(kept);
        free(text);
        text = repeat("env.A=x", counts[i]);
        kept = start(text);
        assert_int_equal(nr_arguments(), 0);
        assert_string_equal(variable(counts[i] - 1), "A=x");
        assert_null(variable(counts[i]));
        free(kept);
        free(text);
    }
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
        cmocka_unit_test(test_cases),        cmocka_unit_test(test_many),
        cmocka_unit_test(test_random_bytes), cmocka_unit_test(test_after_path),
        cmocka_unit_test(test_bad_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
