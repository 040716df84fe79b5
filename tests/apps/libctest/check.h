/*
 * What test programs share: each test prints "ok NAME" or "FAIL NAME", and before that where the
 * expression stands that was false; the program's exit code is the number of failures. Other
 * programs have this file and check.c by links.
 */
#ifndef CHECK_H
#define CHECK_H

/* In a test: remember the first expression that was false, and leave. */
#define CHECK(e)                                  \
    do {                                          \
        if (!(e)) {                               \
            check_failed(__FILE__, __LINE__, #e); \
            return;                               \
        }                                         \
    } while (0)

void check_failed(const char *file, int line, const char *expression);
/* Run one test and print its line. */
void run_test(const char *name, void (*test)(void));
#define RUN(test) run_test(#test, test)

/* Say how many have failed, and return that. */
int failures_total(void);

#endif
