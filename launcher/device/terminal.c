/*
 * The user's terminal in raw mode while a guest has it, and back to what it was however the
 * launcher ends, kill -9 included. A process that is killed cannot clean up after itself, and
 * behind the filter it may not touch terminals at all; so a second process, which does nothing
 * but wait for a byte or for the launcher's end, restores the mode and ends. It exists only
 * where there is a terminal to restore.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>
#include "launcher/launcher.h"

static int watcher = -1; /* socket to that process */

static _Noreturn void
watch(int socket, const struct termios *mode)
{
    char byte;
    sigset_t all;
    sigfillset(&all); /* SIGTTOU too: we may be in the background by then */
    sigprocmask(SIG_BLOCK, &all, NULL);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    while (read(socket, &byte, 1) < 0 && errno == EINTR)
        continue;
    tcsetattr(STDIN_FILENO, TCSANOW, mode);
    _exit(0);
}

bool
terminal_in_background(void)
{
    pid_t foreground = tcgetpgrp(STDIN_FILENO);
    return foreground > 0 && foreground != getpgrp();
}

void
terminal_raw(void)
{
    struct termios mode;
    if (options.console || !isatty(STDIN_FILENO) || terminal_in_background() ||
        tcgetattr(STDIN_FILENO, &mode) != 0)
        return;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        die("cannot make a socket pair: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        die("cannot make the process that restores the terminal: %s", strerror(errno));
    if (pid == 0) {
        close(pair[0]);
        watch(pair[1], &mode);
    }
    close(pair[1]);
    watcher = pair[0];
    struct termios raw = mode;
    raw.c_lflag &= ~(ISIG | ICANON | ECHO); /* as the original: Enter still is "\n" */
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

void
terminal_restore(void)
{
    char byte = 0;
    if (watcher < 0)
        return;
    int socket = watcher;
    watcher = -1;
    write_all(socket, &byte, 1);
    /* It answers by ending. */
    while (read(socket, &byte, 1) < 0 && errno == EINTR)
        continue;
}
