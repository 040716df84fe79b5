/*
 * The log and the ways out, for the tests: lines are kept to be looked at, and printed when
 * SHIM_LOG is set in the environment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/kernel.h"
#include "shim.h"

static char kept[65536];
static size_t used;
static unsigned lines[LOG_INFO + 1];

void
log_print(enum log_level level, const char *format, ...)
{
    char line[512];
    va_list ap;

    va_start(ap, format);
    kvsnprintf(line, sizeof(line), format, ap);
    va_end(ap);
    lines[level]++;
    if (getenv("SHIM_LOG"))
        fprintf(stderr, "log %d: %s\n", level, line);
    size_t len = strlen(line);
    if (used + len + 2 > sizeof(kept))
        return;
    memcpy(kept + used, line, len);
    used += len;
    kept[used++] = '\n';
    kept[used] = '\0';
}

unsigned
shim_log_lines(int level)
{
    unsigned n = 0;

    for (int i = 0; i <= level; i++)
        n += lines[i];
    return n;
}

bool
shim_log_has(const char *text)
{
    return strstr(kept, text);
}

void
shim_log_clear(void)
{
    used = 0;
    kept[0] = '\0';
    memset(lines, 0, sizeof(lines));
}

void
panic(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    fputs("panic: ", stderr);
    vfprintf(stderr, format, ap);
    fputc('\n', stderr);
    va_end(ap);
    abort();
}

void
assert_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "assertion %s failed at %s:%d\n", expression, file, line);
    abort();
}
