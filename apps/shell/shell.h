/*
 * What the parts of the shell share: the table of commands, the line editor, and the flag
 * that ^C sets. A command is a function like main; what it returns is its exit status.
 */
#ifndef SHELL_SHELL_H
#define SHELL_SHELL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command {
    const char *name;
    const char *arguments; /* for help; "" if there are none */
    const char *what;      /* one line */
    int (*run)(int argc, char **argv);
};

/* ---- commands.c ---- */

extern const struct command commands[]; /* ends with a NULL name */
/* Run one command; its exit status, or 127 if there is no such command. */
int command_run(int argc, char **argv);
/* "Usage: NAME ARGUMENTS" on standard error; returns 2, for a command to return. */
int command_usage(const char *name);
/* "COMMAND: WHAT: errno's text" on standard error; returns 1, for a command to return. */
int complain(const char *command, const char *what);

/* All of it, however often a file takes a part; false with errno set. */
bool write_all(int file, const char *data, size_t len);

/* One file for each group. */
int cmd_dev(int argc, char **argv);
int cmd_blk(int argc, char **argv);
int cmd_blktest(int argc, char **argv);
int cmd_net(int argc, char **argv);
int cmd_ping(int argc, char **argv);
int cmd_ls(int argc, char **argv);
int cmd_cat(int argc, char **argv);
int cmd_cd(int argc, char **argv);
int cmd_pwd(int argc, char **argv);
int cmd_sha256(int argc, char **argv);
int cmd_hexdump(int argc, char **argv);
int cmd_cp(int argc, char **argv);
int cmd_mv(int argc, char **argv);
int cmd_rm(int argc, char **argv);
int cmd_mkdir(int argc, char **argv);
int cmd_mount(int argc, char **argv);
int cmd_df(int argc, char **argv);
int cmd_wget(int argc, char **argv);
int cmd_nc(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_mem(int argc, char **argv);
int cmd_uptime(int argc, char **argv);
int cmd_date(int argc, char **argv);
int cmd_log(int argc, char **argv);
int cmd_threads(int argc, char **argv);
int cmd_panic(int argc, char **argv);
int cmd_restart(int argc, char **argv);
int cmd_exit(int argc, char **argv);

/* A whole number in [0, max]; false, with a line on standard error, if it is none. */
bool parse_count(const char *text, uint64_t max, uint64_t *out);

/* ^C since the command began. Commands that can take long look at it. */
extern volatile sig_atomic_t interrupted;

/* ---- words.c ---- */

#define WORDS_MAX 64

/*
 * Split a line into words, in place: blanks separate, quotes of both kinds group, a backslash
 * takes the next character as it is (not inside single quotes), "#" where a word could begin
 * ends the line. The number of words, or -1 with *error set: an open quote, too many words.
 */
int words_split(char *line, char *words[WORDS_MAX + 1], const char **error);

/* ---- line.c, complete.c ---- */

#define LINE_MAX_BYTES 512

/*
 * Read a line from the terminal with editing and history. The line, without its newline, in
 * the editor's own memory until the next call; NULL at the end of input (^D on an empty line).
 */
char *line_read(const char *prompt);

/*
 * What can stand at the end of `text` (of which the cursor is at the end): calls found() for
 * each candidate with the whole last word, `closing` being what to put behind it if it is
 * the only one. Returns where in `text` the last word begins.
 */
size_t complete(const char *text, void (*found)(const char *word, char closing, void *arg),
                void *arg);

/* ---- sha256.c ---- */

#include "sha256.h"

#endif
