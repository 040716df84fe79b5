/* Runs tests and counts those that failed: see check.h. */
#include "check.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool failed;
static int failures;

void
check_failed(const char *file, int line, const char *expression)
{
    const char *slash = strrchr(file, '/');

    failed = true;
    printf("    %s:%d: %s\n", slash ? slash + 1 : file, line, expression);
}

void
run_test(const char *name, void (*test)(void))
{
    failed = false;
    test();
    printf("%s %s\n", failed ? "FAIL" : "ok", name);
    failures += failed;
}

int
failures_total(void)
{
    printf("%d failures\n", failures);
    return failures;
}
