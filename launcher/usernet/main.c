/*
 * lguest-net: a network for a guest without any privileges. libslirp ends the guest's TCP and
 * UDP here and makes ordinary connections of the host of them. The launcher starts it for
 * --net=user and shares a pair of sockets with it; it ends when the launcher's end closes.
 *
 * The guest is 10.0.2.15 (by DHCP) or of fec0::/64; this machine is 10.0.2.2 and fec0::2; names
 * are resolved at 10.0.2.3 and fec0::3. The same as QEMU's, so that a guest need not know.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "launcher/usernet/usernet.h"

#define FRAME_MAX  65536
#define POLL_MAX   4096
#define TIMERS_MAX 8
/* A guest that takes nothing for that long loses frames, as on any network. */
#define SEND_PATIENCE_US 100000

struct timer {
    SlirpTimerCb run; /* NULL: free */
    void *argument;
    int64_t due; /* ms, -1: not set */
};

static struct timer timers[TIMERS_MAX];
static struct pollfd set[POLL_MAX];
static int set_size;

void
fail(const char *format, ...)
{
    va_list args;
    fputs("lguest: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(2);
}

/* ---- what libslirp asks for ---- */

static ssize_t
send_packet(const void *frame, size_t len, void *opaque)
{
    (void)opaque;
    return send(USERNET_SOCKET, frame, len, MSG_NOSIGNAL);
}

static void
guest_error(const char *message, void *opaque)
{
    (void)message, (void)opaque; /* a guest must not be able to fill a log */
}

static int64_t
clock_ns(void *opaque)
{
    (void)opaque;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void *
timer_new(SlirpTimerCb run, void *argument, void *opaque)
{
    (void)opaque;
    for (unsigned i = 0; i < TIMERS_MAX; i++) {
        if (timers[i].run)
            continue;
        timers[i] = (struct timer){run, argument, -1};
        return &timers[i];
    }
    fail("libslirp wants more than %u timers", TIMERS_MAX);
}

static void
timer_free(void *timer, void *opaque)
{
    (void)opaque;
    ((struct timer *)timer)->run = NULL;
}

static void
timer_mod(void *timer, int64_t due, void *opaque)
{
    (void)opaque;
    ((struct timer *)timer)->due = due;
}

static void
nothing_fd(int fd, void *opaque)
{
    (void)fd, (void)opaque;
}

static void
nothing(void *opaque)
{
    (void)opaque;
}

static const SlirpCb callbacks = {
    .send_packet = send_packet,
    .guest_error = guest_error,
    .clock_get_ns = clock_ns,
    .timer_new = timer_new,
    .timer_free = timer_free,
    .timer_mod = timer_mod,
    .register_poll_fd = nothing_fd,
    .unregister_poll_fd = nothing_fd,
    .notify = nothing,
};

/* ---- the loop ---- */

static int
add_poll(int fd, int events, void *opaque)
{
    (void)opaque;
    if (set_size == POLL_MAX)
        return -1;
    set[set_size] = (struct pollfd){
        .fd = fd,
        .events = (events & SLIRP_POLL_IN ? POLLIN : 0) |
                  (events & SLIRP_POLL_OUT ? POLLOUT : 0) |
                  (events & SLIRP_POLL_PRI ? POLLPRI : 0),
    };
    return set_size++;
}

static int
get_revents(int i, void *opaque)
{
    (void)opaque;
    if (i < 0)
        return 0;
    short events = set[i].revents;
    return (events & POLLIN ? SLIRP_POLL_IN : 0) | (events & POLLOUT ? SLIRP_POLL_OUT : 0) |
           (events & POLLPRI ? SLIRP_POLL_PRI : 0) | (events & POLLERR ? SLIRP_POLL_ERR : 0) |
           (events & POLLHUP ? SLIRP_POLL_HUP : 0);
}

static void
run_timers(uint32_t *timeout)
{
    int64_t now = clock_ns(NULL) / 1000000;
    for (unsigned i = 0; i < TIMERS_MAX; i++) {
        struct timer *timer = &timers[i];
        if (timer->run && timer->due >= 0 && timer->due <= now) {
            timer->due = -1;
            timer->run(timer->argument);
        }
        if (timer->run && timer->due >= 0 && timer->due - now < *timeout)
            *timeout = timer->due > now ? timer->due - now : 0;
    }
}

/* All frames that are there; false when the launcher has gone. */
static bool
take_frames(Slirp *slirp)
{
    static uint8_t frame[FRAME_MAX];
    for (;;) {
        ssize_t len = recv(USERNET_SOCKET, frame, sizeof(frame), MSG_DONTWAIT);
        if (len > 0)
            slirp_input(slirp, frame, len);
        else
            return len < 0 && (errno == EAGAIN || errno == EINTR);
    }
}

static void
loop(Slirp *slirp)
{
    for (;;) {
        uint32_t timeout = INT32_MAX;
        set[0] = (struct pollfd){.fd = USERNET_SOCKET, .events = POLLIN};
        set_size = 1;
        slirp_pollfds_fill(slirp, &timeout, add_poll, NULL);
        run_timers(&timeout);
        int n = poll(set, set_size, timeout > INT32_MAX ? INT32_MAX : (int)timeout);
        if (n < 0 && errno != EINTR)
            fail("poll: %s", strerror(errno));
        if (set[0].revents && !take_frames(slirp))
            return;
        slirp_pollfds_poll(slirp, n < 0, get_revents, NULL);
    }
}

int
main(int argc, char **argv)
{
    if (argc != 2)
        fail("%s is started by lguest --net=user, not by hand", argv[0]);
    SlirpConfig config = {
        .version = 1,
        .in_enabled = true,
        .vnetwork.s_addr = inet_addr("10.0.2.0"),
        .vnetmask.s_addr = inet_addr("255.255.255.0"),
        .vhost.s_addr = inet_addr("10.0.2.2"),
        .vdhcp_start.s_addr = inet_addr("10.0.2.15"),
        .vnameserver.s_addr = inet_addr("10.0.2.3"),
        .in6_enabled = true,
        .vprefix_len = 64,
    };
    inet_pton(AF_INET6, "fec0::", &config.vprefix_addr6);
    inet_pton(AF_INET6, "fec0::2", &config.vhost6);
    inet_pton(AF_INET6, "fec0::3", &config.vnameserver6);
    struct timeval patience = {.tv_usec = SEND_PATIENCE_US};
    if (setsockopt(USERNET_SOCKET, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0)
        fail("%s is started by lguest --net=user, not by hand", argv[0]);
    /* What ends the launcher often goes to all of its group: keys of a terminal, and SIGTERM by
     * timeout(1) or a service manager. This program ends when the launcher does, whose guest
     * may need the network to end well. */
    static const int ignored[] = {SIGPIPE, SIGINT, SIGHUP, SIGQUIT, SIGTERM};
    for (unsigned i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        signal(ignored[i], SIG_IGN);
    Slirp *slirp = slirp_new(&config, &callbacks, NULL);
    if (!slirp)
        fail("cannot start the user network");
    forward_all(slirp, argv[1]);
    confine();
    send(USERNET_SOCKET, "", 1, MSG_NOSIGNAL); /* the launcher waits for this */
    loop(slirp);
    return 0;
}
