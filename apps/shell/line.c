/*
 * The line editor: the terminal in raw mode while a line is read, and every key one small
 * function on the line. Relies on a terminal that knows the few sequences of ANSI (ECMA-48)
 * that all of them know.
 *
 * Typing at the end of a line echoes just that character, so that a transcript of a session
 * without editing keys has no control sequences in it. Characters are UTF-8 and taken to be
 * one column wide.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include "shell.h"

#define HISTORY 32

#define CONTROL(c) ((c)&0x1f)

/* Keys that are more than one byte, beyond all bytes. */
enum key {
    KEY_UP = 256,
    KEY_DOWN,
    KEY_RIGHT,
    KEY_LEFT,
    KEY_HOME,
    KEY_END,
    KEY_DELETE,
    KEY_NONE,      /* something that is not understood */
    KEY_INPUT_END, /* nothing more will come */
};

static struct line {
    const char *prompt;
    char text[LINE_MAX_BYTES];
    size_t len, at;             /* bytes; the cursor stands before text[at] */
    int history;                /* which line is shown: 0 the new one, 1 the last one... */
    char saved[LINE_MAX_BYTES]; /* the new line while an old one is shown */
} l;

static char *history[HISTORY]; /* the last one first */

/* ---- the terminal ---- */

static void
put(const char *text, size_t len)
{
    fwrite(text, 1, len, stdout);
}

static unsigned
terminal_columns(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
        return 80;
    return size.ws_col;
}

static int
read_byte(void)
{
    unsigned char c;

    fflush(stdout);
    return read(STDIN_FILENO, &c, 1) == 1 ? c : KEY_INPUT_END;
}

/* A sequence comes in one piece; after a lone Escape nothing follows. */
static int
read_byte_soon(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    return poll(&input, 1, 50) > 0 ? read_byte() : KEY_INPUT_END;
}

/* "ESC [ 3 ~": the number's meaning. */
static int
numbered_key(int number)
{
    switch (number) {
    case 1:
    case 7:
        return KEY_HOME;
    case 3:
        return KEY_DELETE;
    case 4:
    case 8:
        return KEY_END;
    default:
        return KEY_NONE;
    }
}

/* What follows an Escape: "[" or "O", parameters, and a letter that says which key it is. */
static int
read_sequence(void)
{
    int c = read_byte_soon();
    int number = 0;

    if (c != '[' && c != 'O')
        return KEY_NONE;
    for (int i = 0; i < 16; i++) {
        c = read_byte_soon();
        if (c >= '0' && c <= '9')
            number = (number * 10 + c - '0') % 1000;
        else if (c != ';')
            break;
    }
    switch (c) {
    case 'A':
        return KEY_UP;
    case 'B':
        return KEY_DOWN;
    case 'C':
        return KEY_RIGHT;
    case 'D':
        return KEY_LEFT;
    case 'H':
        return KEY_HOME;
    case 'F':
        return KEY_END;
    case '~':
        return numbered_key(number);
    default:
        return KEY_NONE;
    }
}

static int
read_key(void)
{
    int c = read_byte();

    return c == '\033' ? read_sequence() : c;
}

/* ---- characters ---- */

static bool
continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t
before(size_t at)
{
    while (at > 0 && continues(l.text[--at]))
        continue;
    return at;
}

static size_t
after(size_t at)
{
    if (at < l.len)
        at++;
    while (at < l.len && continues(l.text[at]))
        at++;
    return at;
}

static unsigned
columns(size_t from, size_t to)
{
    unsigned n = 0;

    for (; from < to; from++)
        n += !continues(l.text[from]);
    return n;
}

/* ---- showing ---- */

/* The line anew; of one that is too long the part around the cursor. */
static void
show(void)
{
    unsigned room = terminal_columns() - (unsigned)strlen(l.prompt) - 1;
    size_t first = 0, last = l.len;

    while (columns(first, l.at) > room)
        first = after(first);
    while (columns(first, last) > room)
        last = before(last);
    printf("\r%s", l.prompt);
    put(l.text + first, last - first);
    printf("\033[K");
    if (last > l.at)
        printf("\033[%uD", columns(l.at, last));
}

static void
insert(const char *text, size_t len)
{
    if (l.len + len >= sizeof(l.text))
        return;
    memmove(l.text + l.at + len, l.text + l.at, l.len - l.at);
    memcpy(l.text + l.at, text, len);
    l.len += len;
    l.at += len;
    bool fits = columns(0, l.len) + strlen(l.prompt) < terminal_columns();
    if (l.at == l.len && fits)
        put(text, len);
    else
        show();
}

/* Take out [from, to) and leave the cursor there. */
static void
cut(size_t from, size_t to)
{
    memmove(l.text + from, l.text + to, l.len - to);
    l.len -= to - from;
    l.at = from;
    show();
}

static void
move(size_t to)
{
    l.at = to;
    show();
}

static void
erase_word(void)
{
    size_t from = l.at;

    while (from > 0 && l.text[from - 1] == ' ')
        from--;
    while (from > 0 && l.text[from - 1] != ' ')
        from--;
    cut(from, l.at);
}

/* ---- history ---- */

static void
history_add(const char *text)
{
    if (!text[0] || (history[0] && strcmp(history[0], text) == 0))
        return;
    char *copy = strdup(text);
    if (!copy)
        return;
    free(history[HISTORY - 1]);
    memmove(history + 1, history, (HISTORY - 1) * sizeof(history[0]));
    history[0] = copy;
}

static void
history_show(int which)
{
    if (which < 0 || which > HISTORY || (which > 0 && !history[which - 1]))
        return;
    l.text[l.len] = '\0';
    if (l.history == 0)
        strcpy(l.saved, l.text);
    l.history = which;
    strcpy(l.text, which ? history[which - 1] : l.saved);
    l.len = strlen(l.text);
    move(l.len);
}

/* ---- completion ---- */

struct candidates {
    unsigned count;
    char common[LINE_MAX_BYTES]; /* what all of them begin with */
    char closing;
    bool print;
};

static void
candidate_found(const char *word, char closing, void *arg)
{
    struct candidates *c = arg;
    size_t same = 0;

    if (c->print)
        printf("%s  ", word);
    if (strlen(word) >= sizeof(c->common))
        return;
    if (c->count++ == 0) {
        strcpy(c->common, word);
        c->closing = closing;
        return;
    }
    while (c->common[same] && c->common[same] == word[same])
        same++;
    c->common[same] = '\0';
}

static void
complete_word(void)
{
    struct candidates c = {0};
    char text[LINE_MAX_BYTES];

    memcpy(text, l.text, l.at);
    text[l.at] = '\0';
    size_t start = complete(text, candidate_found, &c);
    size_t typed = l.at - start;
    if (c.count == 0)
        return;
    while (continues(c.common[strlen(c.common)])) /* never half a character */
        c.common[strlen(c.common) - 1] = '\0';
    if (strlen(c.common) > typed)
        insert(c.common + typed, strlen(c.common) - typed);
    if (c.count == 1)
        insert(&c.closing, 1);
    if (c.count > 1 && strlen(c.common) <= typed) {
        c.print = true;
        printf("\n");
        complete(text, candidate_found, &c);
        printf("\n");
        show();
    }
}

/* ---- keys ---- */

enum result { GO_ON, LINE_DONE, INPUT_DONE };

static enum result
control_key(int key)
{
    switch (key) {
    case '\r':
    case '\n':
        if (l.at < l.len)
            move(l.len);
        return LINE_DONE;
    case CONTROL('C'):
        printf("^C\n");
        l.len = l.at = 0;
        l.history = 0;
        show();
        return GO_ON;
    case CONTROL('D'):
        if (l.len == 0)
            return INPUT_DONE;
        if (l.at == l.len)
            return LINE_DONE; /* as a terminal that edits lines itself has it */
        cut(l.at, after(l.at));
        return GO_ON;
    case CONTROL('L'):
        printf("\033[H\033[2J");
        show();
        return GO_ON;
    case CONTROL('U'):
        cut(0, l.at);
        return GO_ON;
    case CONTROL('K'):
        cut(l.at, l.len);
        return GO_ON;
    case CONTROL('W'):
        erase_word();
        return GO_ON;
    case '\t':
        complete_word();
        return GO_ON;
    default:
        return GO_ON;
    }
}

static enum result
handle_key(int key)
{
    char c = (char)key;

    switch (key) {
    case KEY_INPUT_END: /* behind the last line of a pipe there may be no end of line */
        return l.len > 0 ? LINE_DONE : INPUT_DONE;
    case KEY_NONE:
        return GO_ON;
    case KEY_UP:
    case CONTROL('P'):
        history_show(l.history + 1);
        return GO_ON;
    case KEY_DOWN:
    case CONTROL('N'):
        history_show(l.history - 1);
        return GO_ON;
    case KEY_LEFT:
    case CONTROL('B'):
        move(before(l.at));
        return GO_ON;
    case KEY_RIGHT:
    case CONTROL('F'):
        move(after(l.at));
        return GO_ON;
    case KEY_HOME:
    case CONTROL('A'):
        move(0);
        return GO_ON;
    case KEY_END:
    case CONTROL('E'):
        move(l.len);
        return GO_ON;
    case KEY_DELETE:
        cut(l.at, after(l.at));
        return GO_ON;
    case 127:
    case CONTROL('H'):
        cut(before(l.at), l.at);
        return GO_ON;
    default:
        if (key < 0x20)
            return control_key(key);
        insert(&c, 1);
        return GO_ON;
    }
}

/* ---- reading ---- */

/* Keys one at a time and unseen; output stays as it is, "\n" beginning a new line. */
static bool
raw_mode(struct termios *before_it)
{
    struct termios raw;

    if (tcgetattr(STDIN_FILENO, before_it) < 0)
        return false;
    raw = *before_it;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    return tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

char *
line_read(const char *prompt)
{
    struct termios before_it;
    enum result result = GO_ON;
    bool raw = raw_mode(&before_it);

    l = (struct line){.prompt = prompt};
    printf("%s", prompt);
    while (result == GO_ON)
        result = handle_key(read_key());
    printf("\n");
    fflush(stdout);
    if (raw)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before_it);
    if (result == INPUT_DONE)
        return NULL;
    l.text[l.len] = '\0';
    history_add(l.text);
    return l.text;
}
