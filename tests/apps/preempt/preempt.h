/* What the files of this program share. */
#ifndef PREEMPT_H
#define PREEMPT_H

#include <stdbool.h>
#include <stdint.h>

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

uint64_t now_ns(void);
/* A thread's function that spins until *(volatile bool *)stop. */
void *compute(void *stop);

/* One for each file of tests. */
void turn_tests(void);
void state_tests(void);
void signal_tests(void);

#endif
