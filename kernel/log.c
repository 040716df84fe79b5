/*
 * The log: one line a message, kept in a ring that the shell can read, and written to the
 * console when its level asks for that. Lines carry the time since kernel entry only in the
 * ring's readers' eyes through their order; the console stays as short as it can be.
 */
#include "kernel/cmdline.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/log.h"
#include "kernel/string.h"

#define LOG_KEPT 8192 /* bytes; about 150 lines */
#define LOG_LINE 256

static char kept[LOG_KEPT];
static size_t written;       /* bytes ever written; the ring holds the last LOG_KEPT of them */
static int shown = LOG_INFO; /* -1: nothing goes to the console */

static void
keep(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        kept[written++ % LOG_KEPT] = text[i];
}

void
log_print(enum log_level level, const char *format, ...)
{
    static const char *const prefix[] = {
        [LOG_ERROR] = "error: ", [LOG_WARN] = "warning: ", [LOG_INFO] = ""};
    char line[LOG_LINE];
    va_list ap;

    size_t len = (size_t)ksnprintf(line, sizeof(line), "%s", prefix[level]);
    va_start(ap, format);
    len += (size_t)kvsnprintf(line + len, sizeof(line) - len, format, ap);
    va_end(ap);
    len = MIN(len, sizeof(line) - 2);
    line[len++] = '\n';
    keep(line, len);
    if ((int)level <= shown)
        console_line(line, len);
}

size_t
log_read(size_t offset, char *to, size_t size)
{
    size_t first = written > LOG_KEPT ? written - LOG_KEPT : 0;
    size_t n = 0;

    for (size_t at = first + offset; at < written && n < size; at++)
        to[n++] = kept[at % LOG_KEPT];
    return n;
}

void
log_init(void)
{
    static const char *const names[] = {"quiet", "error", "warn", "info"};
    const char *word = cmdline_word(NULL, "log");

    if (!word)
        return;
    for (int i = 0; i < (int)ARRAY_SIZE(names); i++) {
        if (strcmp(word, names[i]) == 0) {
            shown = i - 1;
            return;
        }
    }
    cmdline_bad_value("log", word, "quiet, error, warn or info");
}
