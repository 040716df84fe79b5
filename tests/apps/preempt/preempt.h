/* What the files of this program share. */
#ifndef PREEMPT_H
#define PREEMPT_H

#include <stdbool.h>
#include <stdint.h>
#include "check.h"

uint64_t now_ns(void);
/* A thread's function that spins until *(volatile bool *)stop. */
void *compute(void *stop);

/* One for each file of tests. */
void turn_tests(void);
void state_tests(void);
void signal_tests(void);

#endif
