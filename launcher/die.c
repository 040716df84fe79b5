/*
 * How the launcher speaks and how it ends. Messages are formatted into a buffer of their own
 * and written with one call, since they are said from signal handlers too, where stdio's
 * locks and buffers have no place; vsnprintf has neither.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "launcher/device/device.h"
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define MESSAGE_MAX 512

void
write_all(int fd, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno != EINTR)
            return; /* nobody reads what we say: nothing better to do with it */
        if (n > 0) {
            at += n;
            len -= n;
        }
    }
}

static void
say(const char *format, va_list args)
{
    char text[MESSAGE_MAX] = "lguest: ";
    size_t at = strlen(text);
    int n = vsnprintf(text + at, sizeof(text) - at - 1, format, args);
    if (n < 0)
        return;
    at += n;
    if (at > sizeof(text) - 2)
        at = sizeof(text) - 2;
    while (at > 0 && text[at - 1] == '\n')
        at--;
    text[at++] = '\n';
    write_all(STDERR_FILENO, text, at);
}

void
warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

void
trace(const char *format, ...)
{
    if (!options.trace)
        return;
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

void
verbose(const char *format, ...)
{
    if (!options.verbose)
        return;
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

static bool leaving;

/* Once, whatever comes in between. */
static void
empty_console(void)
{
    if (leaving)
        return;
    leaving = true;
    gate_serve_deferred(); /* who asks for the end a second time is not to wait */
    console_empty();
}

bool
is_leaving(void)
{
    return leaving;
}

void
die(const char *format, ...)
{
    empty_console();    /* what the guest said comes before why it died, */
    terminal_restore(); /* and the line starts at the left margin */
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
    leave(EXIT_DEATH);
}

void
usage_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
    leave(EXIT_USAGE);
}

void
leave(int status)
{
    empty_console();
    terminal_restore();
    if (options.stats)
        stats_print();
    _exit(status);
}
