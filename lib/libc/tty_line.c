/*
 * The line discipline, as termios(3) describes it and as far as a program on one console can
 * tell: no flow control by ^S and ^Q, no job control, no parity. Relies on its owner to bring
 * keys and to take echo and signals.
 */
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lib/libc/tty_line.h"

#define CONTROL(c) ((c) - '@')
#define DELETE     0x7f

static bool
is_set(const struct tty_line *t, uint32_t flag)
{
    return t->termios.lflag & flag;
}

static uint16_t *
key(struct tty_line *t, uint32_t number)
{
    return &t->keys[number % TTY_BUFFER];
}

/* A setting of 0 switches the special key off. */
static bool
is_special(const struct tty_line *t, int place, uint8_t c)
{
    return c != 0 && t->termios.cc[place] == c;
}

void
tty_line_init(struct tty_line *t, void (*echo)(const char *, size_t), void (*signal)(int))
{
    static const struct abi_termios usual = {
        .iflag = ABI_ICRNL | ABI_IUTF8,
        .oflag = ABI_OPOST | ABI_ONLCR,
        .cflag = ABI_B38400 | ABI_CS8 | ABI_CREAD,
        .lflag = ABI_ISIG | ABI_ICANON | ABI_ECHO | ABI_ECHOE | ABI_ECHOK | ABI_ECHOCTL |
                 ABI_ECHOKE | ABI_IEXTEN,
        .cc = {[ABI_VINTR] = CONTROL('C'),
               [ABI_VQUIT] = CONTROL('\\'),
               [ABI_VERASE] = DELETE,
               [ABI_VKILL] = CONTROL('U'),
               [ABI_VEOF] = CONTROL('D'),
               [ABI_VMIN] = 1,
               [ABI_VWERASE] = CONTROL('W')},
    };

    memset(t, 0, sizeof(*t));
    t->termios = usual;
    t->echo = echo;
    t->signal = signal;
}

/* ---- echo ---- */

static bool
is_control(uint16_t c)
{
    return c < ' ' || c == DELETE;
}

static void
echo(struct tty_line *t, uint16_t c)
{
    char text[2] = {(char)c};

    if (!is_set(t, ABI_ECHO))
        return;
    if (c == '\t') { /* the column is not known here, so a tab could not be erased */
        t->echo(" ", 1);
    } else if (c != '\n' && is_control(c) && is_set(t, ABI_ECHOCTL)) {
        text[0] = '^';
        text[1] = (char)(c ^ 0x40);
        t->echo(text, 2);
    } else {
        t->echo(text, 1);
    }
}

static void
echo_erased(struct tty_line *t, uint16_t c)
{
    if (!is_set(t, ABI_ECHO) || !is_set(t, ABI_ECHOE))
        return;
    t->echo("\b \b", 3);
    if (c != '\t' && is_control(c) && is_set(t, ABI_ECHOCTL))
        t->echo("\b \b", 3);
}

/* ---- editing ---- */

/* The second and further bytes of a UTF-8 character: 10xxxxxx. */
static bool
continues_character(const struct tty_line *t, uint16_t c)
{
    return (t->termios.iflag & ABI_IUTF8) && (c & 0xc0) == 0x80;
}

static void
erase_character(struct tty_line *t)
{
    uint16_t c = 0;

    if (t->head == t->ready)
        return;
    do {
        c = *key(t, --t->head);
    } while (t->head != t->ready && continues_character(t, c));
    echo_erased(t, c);
}

static void
erase_word(struct tty_line *t)
{
    while (t->head != t->ready && *key(t, t->head - 1) == ' ')
        erase_character(t);
    while (t->head != t->ready && *key(t, t->head - 1) != ' ')
        erase_character(t);
}

static void
erase_line(struct tty_line *t)
{
    while (t->head != t->ready)
        erase_character(t);
}

static bool
edit(struct tty_line *t, uint8_t c)
{
    bool extended = is_set(t, ABI_IEXTEN);

    /* Terminals disagree about what their backspace key sends. */
    if (is_special(t, ABI_VERASE, c) || (extended && c == '\b'))
        erase_character(t);
    else if (is_special(t, ABI_VKILL, c))
        erase_line(t);
    else if (extended && is_special(t, ABI_VWERASE, c))
        erase_word(t);
    else
        return false;
    return true;
}

/* ---- input ---- */

static bool
signals(struct tty_line *t, uint8_t c)
{
    int number = is_special(t, ABI_VINTR, c)   ? ABI_SIGINT
                 : is_special(t, ABI_VQUIT, c) ? ABI_SIGQUIT
                                               : 0;

    if (!is_set(t, ABI_ISIG) || !number)
        return false;
    echo(t, c);
    if (is_set(t, ABI_ECHO))
        t->echo("\n", 1);
    tty_line_flush(t);
    t->signal(number);
    return true;
}

/* One place is left for what completes a full line. */
static void
put(struct tty_line *t, uint16_t c, bool completes)
{
    if (t->head - t->tail >= TTY_BUFFER - (completes ? 0 : 1)) {
        t->echo("\a", 1);
        return;
    }
    *key(t, t->head++) = c;
    if (c != TTY_END)
        echo(t, c);
    if (completes || !is_set(t, ABI_ICANON))
        t->ready = t->head;
}

static void
take(struct tty_line *t, uint8_t c)
{
    uint32_t flags = t->termios.iflag;

    if (c == '\r' && (flags & ABI_IGNCR))
        return;
    if (c == '\r' && (flags & ABI_ICRNL))
        c = '\n';
    else if (c == '\n' && (flags & ABI_INLCR))
        c = '\r';
    if (signals(t, c))
        return;
    if (!is_set(t, ABI_ICANON)) {
        put(t, c, false);
        return;
    }
    if (edit(t, c))
        return;
    if (is_special(t, ABI_VEOF, c))
        put(t, TTY_END, true);
    else
        put(t, c, c == '\n');
}

void
tty_line_input(struct tty_line *t, const char *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        take(t, (uint8_t)keys[i]);
}

/* Half a line must always be able to take the keys that edit or complete it; once there is a
 * line to read, the device can keep what does not fit. */
size_t
tty_line_room(const struct tty_line *t)
{
    uint32_t used = t->head - t->tail;

    if (is_set(t, ABI_ICANON) && !tty_line_readable(t))
        return TTY_BUFFER;
    return used < TTY_BUFFER - 1 ? TTY_BUFFER - 1 - used : 0;
}

/* ---- reading ---- */

bool
tty_line_readable(const struct tty_line *t)
{
    return t->ready != t->tail;
}

size_t
tty_line_read(struct tty_line *t, char *to, size_t len)
{
    size_t n = 0;

    while (n < len && t->tail != t->ready) {
        uint16_t c = *key(t, t->tail);
        if (c == TTY_END && n > 0 && !is_set(t, ABI_ICANON))
            break; /* typed as the end of a line that is read key by key now */
        t->tail++;
        if (c == TTY_END)
            break;
        to[n++] = (char)c;
        if (c == '\n' && is_set(t, ABI_ICANON))
            break;
    }
    return n;
}

size_t
tty_line_count(const struct tty_line *t)
{
    return t->ready - t->tail;
}

void
tty_line_flush(struct tty_line *t)
{
    t->tail = t->ready = t->head;
}

void
tty_line_set(struct tty_line *t, const struct abi_termios *new, bool flush)
{
    bool was = is_set(t, ABI_ICANON);

    t->termios = *new;
    if (flush)
        tty_line_flush(t);
    if (was != is_set(t, ABI_ICANON))
        t->ready = t->head; /* half a line counts from now on as typed */
}
