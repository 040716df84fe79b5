/* What needs nothing of the system: formatting, sorting, jumping, the environment. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "libctest.h"

static void
prints_numbers(void)
{
    char text[128];

    snprintf(text, sizeof(text), "%d %#x %lld %s", -42, 0xbeef, 1ll << 40, "word");
    CHECK(strcmp(text, "-42 0xbeef 1099511627776 word") == 0);
    snprintf(text, sizeof(text), "%.3f %g %e %a", 3.14159265, 0.0001, 12345.678, 1.0);
    CHECK(strcmp(text, "3.142 0.0001 1.234568e+04 0x1p+0") == 0);
    snprintf(text, sizeof(text), "%f %f", INFINITY, -0.0);
    CHECK(strcmp(text, "inf -0.000000") == 0);
}

static void
reads_numbers(void)
{
    double d;
    int i;
    char word[16];

    CHECK(sscanf("17 2.5 abc", "%d %lf %15s", &i, &d, word) == 3);
    CHECK(i == 17 && d == 2.5 && strcmp(word, "abc") == 0);
    CHECK(strtod("1e-3", NULL) == 1e-3);
    errno = 0;
    CHECK(strtol("99999999999", NULL, 10) == 2147483647 && errno == ERANGE);
}

static void
computes(void)
{
    volatile double two = 2.0;
    volatile long long big = 1000000007ll * 1000000009ll;

    CHECK(fabs(sqrt(two) - 1.4142135623730951) < 1e-15);
    CHECK(fabs(sin(two) - 0.9092974268256817) < 1e-15);
    CHECK(pow(two, 10) == 1024.0);
    CHECK(big / 1000000007ll == 1000000009ll &&
          big % 1000000006ll == 1000000009ll % 1000000006ll);
}

static int
by_value(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

static void
sorts(void)
{
    static int numbers[2000];
    unsigned state = 1;

    for (int i = 0; i < 2000; i++)
        numbers[i] = (int)(state = state * 1103515245 + 12345);
    qsort(numbers, 2000, sizeof(int), by_value);
    for (int i = 1; i < 2000; i++)
        CHECK(numbers[i - 1] <= numbers[i]);
    CHECK(bsearch(&numbers[77], numbers, 2000, sizeof(int), by_value) != NULL);
}

static jmp_buf target;

static int
jump_out(const void *a, const void *b)
{
    (void)a;
    (void)b;
    longjmp(target, 5);
}

static void
jumps(void)
{
    static int numbers[2] = {2, 1};
    volatile int before = 3;
    int code = setjmp(target);

    if (code == 0)
        qsort(numbers, 2, sizeof(int), jump_out);
    CHECK(code == 5 && before == 3);
}

static void
knows_where_it_runs(void)
{
    struct utsname name;

    CHECK(uname(&name) == 0 && strcmp(name.sysname, "Ringlet") == 0);
    CHECK(strcmp(name.machine, "i686") == 0);
    CHECK(getenv("HOME") && strcmp(getenv("TERM"), "xterm") == 0);
    CHECK(setenv("NEW", "value", 1) == 0 && strcmp(getenv("NEW"), "value") == 0);
    CHECK(sysconf(_SC_PAGESIZE) == 4096 && getauxval(AT_PAGESZ) == 4096);
    CHECK(sysconf(_SC_NPROCESSORS_ONLN) == 1);
    CHECK(getpid() == 1 && getuid() == 0);
}

static int constructed;

__attribute__((constructor)) static void
construct(void)
{
    constructed = 11;
}

static void
runs_constructors(void)
{
    CHECK(constructed == 11);
}

void
plain_tests(void)
{
    RUN(prints_numbers);
    RUN(reads_numbers);
    RUN(computes);
    RUN(sorts);
    RUN(jumps);
    RUN(knows_where_it_runs);
    RUN(runs_constructors);
}
