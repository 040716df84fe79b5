/*
 * The console that output goes to. Machines have several (a serial port, one or more
 * virtio consoles), found one after the other; the best one so far is in use, so that the
 * log moves over as soon as a better one is there. Relies on each driver's write being
 * callable in any context, because panic comes through here.
 *
 * The kernel's own lines come while a program has a prompt there and somebody types. What
 * stands on the unfinished line is kept, so that they get lines of their own and it is put back
 * behind them: at the next known point, so that several in a row stay together.
 */
#include "kernel/cmdline.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/string.h"

/* Characters of one call to the driver: a line of output is usually one call, and the panic
 * stack has room for it. */
#define CHUNK 256

static struct list consoles = LIST_INIT(consoles);
static struct console_device *current;

static bool
is_named(const struct console_device *c, const char *name)
{
    return c && name && strcmp(c->name, name) == 0;
}

void
console_register(struct console_device *c)
{
    const char *wanted = cmdline_word(NULL, "console");

    wait_queue_init(&c->readable);
    list_insert_before(&consoles, &c->link);
    if (is_named(current, wanted))
        return;
    if (!current || is_named(c, wanted) || c->rank > current->rank)
        current = c;
}

struct console_device *
console_current(void)
{
    return current;
}

static void
put_raw(const char *text, size_t len)
{
    if (current)
        current->write(current, text, len);
    else
        platform->early_write(text, len);
}

/* Terminals want "\r\n"; a chunk is never cut between the two, because it ends one short. */
static void
put(const char *text, size_t len)
{
    char chunk[CHUNK];
    size_t n = 0;

    if (!current) {
        platform->early_write(text, len);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            chunk[n++] = '\r';
        chunk[n++] = text[i];
        if (n >= CHUNK - 1) {
            current->write(current, chunk, n);
            n = 0;
        }
    }
    if (n > 0)
        current->write(current, chunk, n);
}

/* ---- the unfinished line ---- */

/* Its beginning at least; a person's fits. Behind a "\r" a line is written anew, whoever edits
 * one does that for each key. */
static char unfinished[512];
static size_t unfinished_len;
static bool open;  /* something but "\r" was written since the last "\n" */
static bool moved; /* kernel lines came in between */

static void
put_back(void *unused)
{
    (void)unused;
    if (!moved)
        return;
    moved = false;
    put(unfinished, unfinished_len);
}

static struct deferred work = {.run = put_back};

static void
keep(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\r')
            open = text[i] != '\n';
        if (text[i] == '\n' || text[i] == '\r')
            unfinished_len = 0;
        else if (unfinished_len < sizeof(unfinished))
            unfinished[unfinished_len++] = text[i];
    }
}

void
console_write(const char *text, size_t len)
{
    put_back(NULL);
    keep(text, len);
    put(text, len);
}

void
console_write_raw(const char *text, size_t len)
{
    put_back(NULL);
    keep(text, len);
    put_raw(text, len);
}

void
console_line(const char *text, size_t len)
{
    if (open && !moved) {
        moved = true;
        put("\n", 1);
        defer_mark(&work);
    }
    put(text, len);
}

/* All consoles are known now: say so if console= named none of them. */
static void
check_word(void)
{
    const char *wanted = cmdline_word(NULL, "console");
    char names[80] = "";
    size_t n = 0;

    if (!wanted || is_named(current, wanted))
        return;
    list_foreach(at, &consoles)
    {
        struct console_device *c = list_entry(at, struct console_device, link);
        if (n < sizeof(names))
            n += (size_t)ksnprintf(names + n, sizeof(names) - n, "%s%s", n ? " or " : "",
                                   c->name);
    }
    cmdline_bad_value("console", wanted, n ? names : "nothing, there is no console");
}

static const struct init_hook console_hook = {.order = 10, .run = check_word};
ENLIST(init, console_hook);
