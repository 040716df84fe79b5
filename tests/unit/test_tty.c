/*
 * The line discipline, with the keys of a person on one side and a program's reads on the
 * other: what is read, what is seen, and which signals come of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "lib/libc/tty_line.h"

static struct tty_line line;
static char screen[8192];
static size_t shown;
static int last_signal;

static void
show(const char *text, size_t len)
{
    assert_true(shown + len < sizeof(screen));
    memcpy(screen + shown, text, len);
    screen[shown += len] = '\0';
}

static void
catch_signal(int number)
{
    last_signal = number;
}

static int
begin(void **state)
{
    (void)state;
    shown = 0;
    screen[0] = '\0';
    last_signal = 0;
    tty_line_init(&line, show, catch_signal);
    return 0;
}

static void
type(const char *keys)
{
    tty_line_input(&line, keys, strlen(keys));
}

static void
assert_reads(const char *wanted)
{
    char got[2048];
    size_t n;

    assert_true(tty_line_readable(&line));
    n = tty_line_read(&line, got, sizeof(got) - 1);
    got[n] = '\0';
    assert_string_equal(got, wanted);
}

static void
set_flags(uint32_t on, uint32_t off, bool flush)
{
    struct abi_termios new = line.termios;

    new.lflag = (new.lflag & ~off) | on;
    tty_line_set(&line, &new, flush);
}

static void
test_whole_lines(void **state)
{
    (void)state;
    type("one");
    assert_false(tty_line_readable(&line));
    type("\rtwo\nthr");
    assert_int_equal(tty_line_count(&line), 8);
    assert_reads("one\n");
    assert_reads("two\n");
    assert_false(tty_line_readable(&line));
    assert_string_equal(screen, "one\ntwo\nthr");
}

static void
test_small_reads(void **state)
{
    char c[3] = {0};

    (void)state;
    type("abc\n");
    assert_int_equal(tty_line_read(&line, c, 2), 2);
    assert_string_equal(c, "ab");
    assert_reads("c\n");
}

static void
test_erase(void **state)
{
    (void)state;
    type("\177ab\177c\bd\n"); /* nothing to erase at first; two kinds of backspace */
    assert_reads("ad\n");
    assert_string_equal(screen, "ab\b \bc\b \bd\n");
}

static void
test_erase_stops_at_the_last_line(void **state)
{
    (void)state;
    type("one\n\177\177x\n");
    assert_reads("one\n");
    assert_reads("x\n");
}

static void
test_erase_characters_of_several_bytes(void **state)
{
    (void)state;
    type("a\xc3\xa4\xe2\x82\xac\177\177b\n"); /* a-umlaut and the euro sign, one column each */
    assert_reads("ab\n");
    assert_non_null(strstr(screen, "\xac\b \b\b \bb"));
}

static void
test_erase_control_character(void **state)
{
    (void)state;
    type("a\001\177b\tc\177\177d\n");
    assert_reads("abd\n");
    assert_string_equal(screen, "a^A\b \b\b \bb c\b \b\b \bd\n");
}

static void
test_kill_and_word(void **state)
{
    (void)state;
    type("all of this\025rm some  file  \027dir\n");
    assert_reads("rm some  dir\n");
}

static void
test_end_of_file(void **state)
{
    (void)state;
    type("\004");
    assert_reads("");
    type("ab\004cd\n"); /* in the middle of a line: hands over what there is */
    assert_reads("ab");
    assert_reads("cd\n");
    assert_false(tty_line_readable(&line));
}

static void
test_interrupt(void **state)
{
    (void)state;
    type("old\nhalf\003");
    assert_int_equal(last_signal, ABI_SIGINT);
    assert_false(tty_line_readable(&line));
    assert_string_equal(screen, "old\nhalf^C\n");
    type("\034");
    assert_int_equal(last_signal, ABI_SIGQUIT);
    last_signal = 0;
    set_flags(0, ABI_ISIG, false);
    type("\003\n");
    assert_int_equal(last_signal, 0);
    assert_reads("\003\n");
}

static void
test_special_keys_can_be_off(void **state)
{
    struct abi_termios new = line.termios;

    (void)state;
    new.cc[ABI_VINTR] = 0;
    tty_line_set(&line, &new, false);
    tty_line_input(&line, "\0a\n", 3);
    assert_int_equal(last_signal, 0);
    assert_int_equal(tty_line_count(&line), 3);
}

static void
test_raw(void **state)
{
    char got[8];

    (void)state;
    set_flags(0, ABI_ICANON | ABI_ECHO | ABI_ISIG | ABI_IEXTEN, false);
    type("\003\004\177\b");
    assert_int_equal(tty_line_read(&line, got, sizeof(got)), 4);
    assert_memory_equal(got, "\003\004\177\b", 4);
    assert_string_equal(screen, "");
    type("\r");
    assert_reads("\n"); /* ICRNL is another switch */
}

static void
test_no_echo(void **state)
{
    (void)state;
    set_flags(0, ABI_ECHO, false);
    type("secret\177T\n");
    assert_reads("secreT\n");
    assert_string_equal(screen, "");
}

static void
test_return_keys(void **state)
{
    struct abi_termios new = line.termios;

    (void)state;
    new.iflag = ABI_IGNCR;
    tty_line_set(&line, &new, false);
    type("a\r\n");
    assert_reads("a\n");
    new.iflag = ABI_INLCR;
    tty_line_set(&line, &new, false);
    type("b\n");
    assert_false(tty_line_readable(&line));
}

static void
test_change_of_mode(void **state)
{
    (void)state;
    type("half");
    set_flags(0, ABI_ICANON, false);
    assert_reads("half"); /* was typed, so it is there */
    type("ab");
    set_flags(ABI_ICANON, 0, false);
    assert_reads("ab");
    type("gone");
    set_flags(0, 0, true);
    type("\n");
    assert_reads("\n");
}

/* Nobody reads: the line stops growing, and can still be erased and completed. */
static void
test_full(void **state)
{
    char got[2 * TTY_BUFFER];

    (void)state;
    for (int i = 0; i < TTY_BUFFER + 50; i++)
        type("x");
    assert_int_equal(screen[shown - 1], '\a');
    assert_int_equal(tty_line_room(&line), TTY_BUFFER);
    type("\177y\n");
    assert_int_equal(tty_line_read(&line, got, sizeof(got)), TTY_BUFFER);
    assert_memory_equal(got + TTY_BUFFER - 3, "xy\n", 3);
    type("\n\n");
    assert_reads("\n");
}

static void
test_full_of_lines(void **state)
{
    (void)state;
    for (int i = 0; i < TTY_BUFFER + 50; i++)
        type("\n");
    assert_int_equal(tty_line_count(&line), TTY_BUFFER);
    assert_int_equal(tty_line_room(&line), 0);
    for (int i = 0; i < TTY_BUFFER; i++)
        assert_reads("\n");
    assert_false(tty_line_readable(&line));
}

static void
test_room_when_raw(void **state)
{
    (void)state;
    set_flags(0, ABI_ICANON, false);
    for (size_t room = tty_line_room(&line); room > 0; room--) {
        assert_int_equal(tty_line_room(&line), room);
        type("k");
    }
    assert_int_equal(tty_line_count(&line), TTY_BUFFER - 1);
    assert_null(strchr(screen, '\a'));
}

static void
test_numbers_wrap(void **state)
{
    (void)state;
    line.tail = line.ready = line.head = UINT32_MAX - 3;
    type("across\177S\n");
    assert_reads("acrosS\n");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        TEST(test_whole_lines),
        TEST(test_small_reads),
        TEST(test_erase),
        TEST(test_erase_stops_at_the_last_line),
        TEST(test_erase_characters_of_several_bytes),
        TEST(test_erase_control_character),
        TEST(test_kill_and_word),
        TEST(test_end_of_file),
        TEST(test_interrupt),
        TEST(test_special_keys_can_be_off),
        TEST(test_raw),
        TEST(test_no_echo),
        TEST(test_return_keys),
        TEST(test_change_of_mode),
        TEST(test_full),
        TEST(test_full_of_lines),
        TEST(test_room_when_raw),
        TEST(test_numbers_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
