/*
 * The console that output goes to. Machines have several (a serial port, one or more
 * virtio consoles), found one after the other; the best one so far is in use, so that the
 * log moves over as soon as a better one is there. Relies on each driver's output being
 * callable in any context, because panic comes through here.
 *
 * Two kinds of writers meet here. A program's output is never dropped: it is taken as far as
 * there is room, and the program's thread waits. The kernel's own lines cannot wait for long,
 * since they come from deferred work and from a panic: they are bounded, and what is left out
 * is told. They come while a program has a prompt there and somebody types, so what stands on
 * the unfinished line is kept: they get lines of their own and it is put back behind them, at
 * the next known point, so that several in a row stay together.
 */
#include "kernel/cmdline.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/string.h"

/* Characters of one call to the driver: the panic stack has room for it. */
#define CHUNK 256

/* A host that takes nothing for this long is not reading. The clock of some machines stands
 * still while interrupts are off, so the number of looks is a limit as well. */
#define STALL_TIME  (500 * NSEC_PER_MSEC)
#define STALL_LOOKS (1u << 22)

static struct list consoles = LIST_INIT(consoles);
static struct console_device *current;
bool console_raw;

static bool
is_named(const struct console_device *c, const char *name)
{
    return c && name && strcmp(c->name, name) == 0;
}

void
console_register(struct console_device *c)
{
    const char *wanted = cmdline_word(NULL, "console");

    console_raw = cmdline_word(NULL, "stdio") != NULL;
    list_append(&consoles, &c->link);
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

/* ---- output as far as there is room ---- */

/* How many characters of `text` go into `room` bytes and one chunk, and the chunk. */
static size_t
cook(const char *text, size_t len, size_t room, char chunk[CHUNK], size_t *used)
{
    size_t i = 0, n = 0;

    room = MIN(room, (size_t)CHUNK);
    for (; i < len && n + 1 + (text[i] == '\n') <= room; i++) {
        if (text[i] == '\n')
            chunk[n++] = '\r';
        chunk[n++] = text[i];
    }
    *used = n;
    return i;
}

/* Characters taken. Terminals want "\r\n", which is never cut in two. */
static size_t
put(const char *text, size_t len, bool raw)
{
    size_t room, taken = 0, n = 1;
    char chunk[CHUNK];

    if (!current) {
        platform->early_write(text, len);
        return len;
    }
    room = current->room(current);
    if (raw) {
        taken = MIN(len, room);
        current->write(current, text, taken);
    }
    while (!raw && taken < len && n > 0) {
        taken += cook(text + taken, len - taken, room, chunk, &n);
        current->write(current, chunk, n);
        room -= n;
    }
    current->push(current, false);
    return taken;
}

/* ---- the kernel's own lines ---- */

static bool stalled; /* the host did not read; no more waiting until it does */

/* Wait, without sleep, until the driver has room or is done; false if it has not in time. */
static bool
wait_briefly(bool until_done)
{
    uint64_t limit = clock_now() + (stalled ? 0 : STALL_TIME);

    for (unsigned looks = 0; looks < STALL_LOOKS; looks++) {
        if (until_done ? !current->push(current, false) : current->room(current) > 1) {
            stalled = false;
            return true;
        }
        if (clock_now() >= limit)
            break;
    }
    stalled = true;
    return false;
}

static void
put_line(const char *text, size_t len)
{
    do {
        size_t n = put(text, len, false);
        text += n;
        len -= n;
    } while (len > 0 && wait_briefly(false));
    if (len > 0)
        current->dropped += len;
}

/* Say how much of the kernel's own was left out, once there is room for that. */
static void
tell_dropped(void)
{
    static uint64_t told;
    char line[80];

    if (!current || current->dropped == told || current->room(current) < sizeof(line))
        return;
    put_line(line,
             (size_t)ksnprintf(line, sizeof(line), "%s: %llu bytes of the log were left out\n",
                               current->name, (unsigned long long)(current->dropped - told)));
    told = current->dropped;
}

/* ---- the unfinished line ---- */

/* Its beginning at least; a person's fits. Behind a "\r" a line is written anew, whoever edits
 * one does that for each key. */
static char unfinished[512];
static size_t unfinished_len;
static bool open;  /* something but "\r" was written since the last "\n" */
static bool moved; /* kernel lines came in between */

/* False if there is no room for it yet. It has no "\n" in it. */
static bool
put_back(void)
{
    if (!moved)
        return true;
    tell_dropped();
    if (current && current->room(current) < unfinished_len)
        return false;
    moved = false;
    put(unfinished, unfinished_len, true);
    return true;
}

static void
put_back_soon(void *unused)
{
    (void)unused;
    (void)put_back(); /* else console_write does it */
}

static struct deferred work = {.run = put_back_soon};

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

static bool closed; /* the program has ended: threads that go on write no more */

size_t
console_write(const char *text, size_t len, bool raw)
{
    size_t taken = !closed && put_back() ? put(text, len, raw) : 0;

    keep(text, taken);
    return taken;
}

bool
console_writable(void)
{
    return !current || current->room(current) > 1 + (moved ? unfinished_len : 0);
}

bool
console_busy(void)
{
    return current && current->push(current, true);
}

void
console_line(const char *text, size_t len)
{
    if (console_raw) {
        if (!current || current->rank > 0)
            platform->early_write(text, len);
        return;
    }
    if (open && !moved) {
        moved = true;
        put_line("\n", 1);
        defer_mark(&work);
    }
    tell_dropped();
    put_line(text, len);
}

/* ---- the end ---- */

void
console_drain(void)
{
    static const char line[] = "the console takes nothing more; its last output is lost\n";
    static bool given_up; /* once is enough */

    closed = true;
    while (!given_up && console_busy())
        if (wait_on(&current->changed, clock_now() + CONSOLE_PATIENCE)) {
            platform->early_write(line, sizeof(line) - 1);
            given_up = true;
            stalled = true; /* nor for what is still to come */
        }
}

void
console_finish(void)
{
    if (current && !stalled)
        (void)wait_briefly(true);
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
        struct console_device *c = container_of(at, struct console_device, link);
        if (n < sizeof(names))
            n += (size_t)ksnprintf(names + n, sizeof(names) - n, "%s%s", n ? " or " : "",
                                   c->name);
    }
    cmdline_bad_value("console", wanted, n ? names : "nothing, there is no console");
}

static const struct init_hook console_hook = {.order = 10, .run = check_word};
ENLIST(init, console_hook);
