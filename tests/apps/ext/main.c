/*
 * Works on a file system, as tests/system/test_ext.py asks: `ext calls /data` tries what the calls
 * promise, `ext fill /data N` makes a tree that the test knows, `ext full /data` takes all room,
 * `ext load /data SEED N` is the load that power cuts interrupt, and `ext print /data` tells what is
 * there; `errors`, `broken` and `wait` are for a disk that is read-only, one that fails, and an end from outside. Each check that fails is a line "failed: ..."; the exit code is 1 then.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ext.h"

int failures;

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(int argc, char **argv);
    } commands[] = {
        {"calls", run_calls},   {"fill", run_fill},   {"full", run_full},
        {"load", run_load},     {"print", run_print}, {"errors", run_errors},
        {"broken", run_broken}, {"wait", run_wait},
    };

    for (size_t i = 0; argc > 2 && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0) {
            commands[i].run(argc - 2, argv + 2);
            printf("%s: %d failed\n", argv[1], failures);
            return failures != 0;
        }
    fputs("ext: calls, fill, full, load, print, errors, broken or wait, and a directory\n",
          stderr);
    return 2;
}
