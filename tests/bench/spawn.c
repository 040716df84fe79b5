/*
 * Microseconds from the start of a process to its end, median and least, of two programs taken
 * in turn: spawn RUNS EMPTY PROGRAM [ARGUMENT]... Python's own cost would hide what is
 * measured.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double
now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static double
run(char **argv, posix_spawn_file_actions_t *quiet)
{
    int status;
    pid_t pid;
    double start = now();
    if (posix_spawn(&pid, argv[0], quiet, NULL, argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "%s failed\n", argv[0]);
        exit(1);
    }
    return now() - start;
}

int
main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    int runs = atoi(argv[1]);
    char *empty[] = {argv[2], NULL};
    double *times[2] = {calloc(runs, sizeof(double)), calloc(runs, sizeof(double))};
    if (runs < 1 || !times[0] || !times[1])
        return 2;
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    for (int i = 0; i < runs; i++) {
        times[0][i] = run(empty, &quiet);
        times[1][i] = run(argv + 3, &quiet);
    }
    for (int i = 0; i < 2; i++) {
        qsort(times[i], runs, sizeof(double), compare);
        printf("%.0f %.0f\n", times[i][runs / 2], times[i][0]);
    }
    return 0;
}
