/*
 * --net=user: a network behind this machine's, made by lguest-net, a second program that lies
 * beside this one. It is large and talks to the world, so it lives in a process of its own; the
 * two share a pair of sockets on which each frame is one message, without a header. It ends
 * when its socket closes, however this process ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "launcher/device/device.h"
#include "launcher/launcher.h"
#include "launcher/device/net.h"

#define PROGRAM "lguest-net"
/* The number that the other program finds its socket under. */
#define THEIR_SOCKET 3

/* `text` is the option behind "user": empty, or ",word,word"; mac= is ours. */
static void
take_mac(char *text, uint8_t *mac)
{
    char *word = strstr(text, ",mac=");
    if (!word)
        return;
    char *value = word + strlen(",mac="), *end = strchrnul(value, ',');
    char copy[32] = "";
    strncat(copy, value,
            (size_t)(end - value) < sizeof(copy) - 1 ? (size_t)(end - value)
                                                     : sizeof(copy) - 1);
    if (!net_parse_mac(copy, mac))
        usage_error("--net=user: '%s' is no MAC address", copy);
    memmove(word, end, strlen(end) + 1);
}

static void
program_path(char *path, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", path, size - sizeof(PROGRAM) - 1);
    if (n < 0)
        die("cannot find out where this program lies: %s; /proc has to be mounted",
            strerror(errno));
    path[n] = '\0';
    strcpy(strrchr(path, '/') + 1, PROGRAM);
}

/* It says one message when all its ports are open; it ended and said why if none comes. */
static void
wait_until_ready(int socket, pid_t pid)
{
    char byte;
    ssize_t n;
    while ((n = recv(socket, &byte, 1, 0)) < 0 && errno == EINTR)
        continue;
    if (n == 1)
        return;
    waitpid(pid, NULL, 0);
    leave(EXIT_USAGE);
}

void
net_open_user(char *value)
{
    uint8_t mac[6];
    net_default_mac("user", mac);
    take_mac(value, mac);
    char path[PATH_MAX];
    program_path(path, sizeof(path));

    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        die("cannot make a socket pair: %s", strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (pair[1] == THEIR_SOCKET) /* dup2 onto itself would leave it to be closed by exec */
        fcntl(pair[1], F_SETFD, 0);
    else
        posix_spawn_file_actions_adddup2(&actions, pair[1], THEIR_SOCKET);
    char *argv[] = {path, *value == ',' ? value + 1 : value, NULL};
    pid_t pid;
    int error = posix_spawn(&pid, path, &actions, NULL, argv, environ);
    if (error)
        usage_error("cannot start %s, which --net=user needs beside lguest: %s", path,
                    strerror(error));
    posix_spawn_file_actions_destroy(&actions);
    close(pair[1]);
    wait_until_ready(pair[0], pid);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    net_device(pair[0], false, mac);
}
