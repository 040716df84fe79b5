/* Between the files of this program. */
#ifndef TEST_EXT_H
#define TEST_EXT_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

extern int failures;

#define CHECK(what)        \
    ((what) ? 0            \
            : (failures++, \
               printf("failed: %s, line %d: %s\n", #what, __LINE__, strerror(errno))))
/* The call fails with this error. */
#define CHECK_ERROR(what, error) (errno = 0, CHECK((what) == -1 && errno == (error)))

void run_calls(int argc, char **argv);
void run_fill(int argc, char **argv);
void run_full(int argc, char **argv);
void run_load(int argc, char **argv);
void run_print(int argc, char **argv);
void run_errors(int argc, char **argv);
void run_broken(int argc, char **argv);
void run_wait(int argc, char **argv);

#endif
