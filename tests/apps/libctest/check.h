/*
 * What the files of this program share: a check prints "ok NAME" or "FAIL NAME: EXPRESSION",
 * one line for each test, and the program's exit code is the number of failures.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>

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

/* One for each file of tests. */
void plain_tests(void);
void memory_tests(void);
void thread_tests(void);
void signal_tests(void);
void file_tests(void);
void time_tests(void);
void corner_tests(void);

/* With a word as argument: its exit code. */
int slow_random(void);

#endif
