/*
 * The parts of the shell that can be wrong without anybody seeing it: words and their quotes,
 * and SHA-256, with the examples that NIST publishes beside FIPS 180.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "apps/shell/shell.h"

/* ---- words ---- */

/* The words of a line with "|" between them; "!" and the complaint for an error. */
static const char *
split(const char *line)
{
    static char result[4096];
    char *words[WORDS_MAX + 1];
    char *copy = strdup(line);
    const char *error = NULL;
    int count = words_split(copy, words, &error);

    result[0] = '\0';
    for (int i = 0; i < count; i++) {
        strcat(result, i ? "|" : "");
        strcat(result, words[i]);
    }
    if (count >= 0)
        assert_null(words[count]);
    else
        snprintf(result, sizeof(result), "!%s", error);
    free(copy);
    return result;
}

static void
words(void **state)
{
    static const struct {
        const char *line, *expected;
    } cases[] = {
        {"", ""},
        {"  \t ", ""},
        {"a", "a"},
        {"  ls   -l\tdir ", "ls|-l|dir"},
        {"\"a b\" 'c d'", "a b|c d"},
        {"a\"b c\"d", "ab cd"},
        {"\"\" x ''", "|x|"},
        {"a\\ b \\\"c", "a b|\"c"},
        {"\"a\\\"b\" 'a\\b'", "a\"b|a\\b"},
        {"'it\"s' \"it's\"", "it\"s|it's"},
        {"a\\", "a\\"},
        {"ls # comment", "ls"},
        {"# comment", ""},
        {"a#b", "a#b"},
        {"\"#\"", "#"},
        {"\xc3\xb6 \xc3\xa4", "\xc3\xb6|\xc3\xa4"},
        {"\"open", "!a quote is not closed"},
        {"it's", "!a quote is not closed"},
        {"'a' 'b\"", "!a quote is not closed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(split(cases[i].line), cases[i].expected);
}

static void
too_many_words(void **state)
{
    char line[WORDS_MAX * 2 + 8] = "";

    (void)state;
    for (int i = 0; i < WORDS_MAX; i++)
        strcat(line, "w ");
    assert_int_equal(strlen(split(line)), WORDS_MAX * 2 - 1);
    strcat(line, "w");
    assert_string_equal(split(line), "!too many words");
}

/* ---- SHA-256 ---- */

static void
assert_digest(struct sha256 *s, const char *expected)
{
    uint8_t digest[32];
    char text[65];

    sha256_end(s, digest);
    for (int i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(text, expected);
}

static void
published_examples(void **state)
{
    static const struct {
        const char *message, *digest;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
         "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    struct sha256 s;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sha256_init(&s);
        sha256_add(&s, cases[i].message, strlen(cases[i].message));
        assert_digest(&s, cases[i].digest);
    }
    sha256_init(&s);
    for (int i = 0; i < 1000000; i++)
        sha256_add(&s, "a", 1);
    assert_digest(&s, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* However the bytes are cut into pieces, the digest is the same, for each length around the
 * borders of blocks. */
static void
pieces(void **state)
{
    uint8_t data[300], whole[32], cut[32];
    struct sha256 s;

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 31);
    for (size_t len = 0; len < sizeof(data); len++) {
        sha256_init(&s);
        sha256_add(&s, data, len);
        sha256_end(&s, whole);
        sha256_init(&s);
        for (size_t at = 0, step = 1; at < len; at += step, step = step % 130 + 37) {
            if (step > len - at)
                step = len - at;
            sha256_add(&s, data + at, step);
        }
        sha256_end(&s, cut);
        assert_memory_equal(whole, cut, 32);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(too_many_words),
        cmocka_unit_test(published_examples),
        cmocka_unit_test(pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
