/* What the files of this program share. */
#ifndef LIBCTEST_H
#define LIBCTEST_H

#include <stdbool.h>
#include "check.h"

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
