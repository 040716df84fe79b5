/*
 * shell: look around inside a Ringlet guest. On a terminal it reads lines with an editor, from
 * a pipe it reads them as they are, and with arguments it runs these as one command:
 *
 *     shell sha256 vda
 *
 * Its exit code is that of the last command.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shell.h"

volatile sig_atomic_t interrupted;

static void
on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

/* Without SA_RESTART, so that ^C ends a wait. */
static void
catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = on_interrupt};

    sigaction(SIGINT, &action, NULL);
}

/* Run a line, which is changed; `status` is what it leaves when there is no command in it. */
static int
run_line(char *line, int status)
{
    char *words[WORDS_MAX + 1];
    const char *error;
    int count = words_split(line, words, &error);

    if (count < 0) {
        fprintf(stderr, "shell: %s\n", error);
        return 2;
    }
    return count > 0 ? command_run(count, words) : status;
}

/* The next line of a pipe or file, in memory of its own until the next call. */
static char *
plain_line(void)
{
    static char line[LINE_MAX_BYTES];

    if (!fgets(line, sizeof(line), stdin))
        return NULL;
    line[strcspn(line, "\r\n")] = '\0';
    return line;
}

int
main(int argc, char **argv)
{
    bool terminal = isatty(STDIN_FILENO);
    int status = 0;
    char *line;

    catch_interrupts();
    if (argc > 1)
        return command_run(argc - 1, argv + 1);
    if (terminal)
        printf("Ringlet. help shows the commands.\n");
    fflush(stdout);
    while ((line = terminal ? line_read("ringlet> ") : plain_line()))
        status = run_line(line, status);
    return status;
}
