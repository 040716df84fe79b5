/*
 * The launcher as its parts see it: options and counters, which are all 0, and the ways to speak,
 * which say nothing. A death is an assertion that fails, so a test expects one with
 * expect_assert_failure, and one that nobody expects is a failure with the launcher's own words.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "launcher/guest.h"
#include "launcher/launcher.h"

struct options options;
struct stats stats;

void
die(const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    mock_assert(0, text, __FILE__, __LINE__);
    abort();
}

void
warn(const char *format, ...)
{
    (void)format;
}

void
trace(const char *format, ...)
{
    (void)format;
}

void
verbose(const char *format, ...)
{
    (void)format;
}

/* Where gate.c is not the code under test: there is none. */
__attribute__((weak)) uint32_t
gate_address(void)
{
    return 0;
}
