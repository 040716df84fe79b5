/*
 * The console: queue 0 brings what is typed, queue 1 takes what is printed, as the original.
 * Where it goes to is standard input and output, a file, or a pseudo-terminal. The terminal of
 * a user is in raw mode then (terminal.c), so ^C is a character for the guest; three within a
 * second end the launcher, and to see them input is read whether the guest has buffers or not.
 *
 * Output that could block waits for the descriptor to take it; the guest gets its buffer back
 * later. Descriptors of others are never made non-blocking: the flag would be theirs as well.
 * Before the launcher ends, for whatever reason, it writes what the guest has handed over, as
 * long as anybody takes it; a reader that has gone takes everything, unseen.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "launcher/device/device.h"
#include "launcher/launcher.h"

#define INPUT  0
#define OUTPUT 1
/* A descriptor that polls writable takes this many bytes without blocking: pipe(7). */
#define OUTPUT_AT_ONCE  4096
#define CONTROL_C       3
#define CONTROL_C_TIMES 3

static struct {
    char bytes[256]; /* typed and not yet wanted */
    unsigned len;
    bool ended;
    bool escape; /* look for ^C */
    bool tell;   /* the guest is to hear of the end, by a buffer of no bytes */
} input;
static int output_fd;
static bool output_raw; /* it is for the program's bytes: the early console's text goes elsewhere */
static bool output_blocks;
static uint32_t output_done; /* bytes of the first request that are out */
static struct queue *output; /* NULL before there is a console */
static time_t output_moved;  /* when the descriptor last took something, on the clock below */

static time_t
seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Three within a second: the original's way out. */
static void
look_for_control_c(const char *bytes, unsigned len)
{
    static time_t first;
    static unsigned times;
    for (unsigned i = 0; i < len; i++) {
        if (bytes[i] != CONTROL_C) {
            times = 0;
            continue;
        }
        time_t now = seconds();
        if (times == 0 || now > first + 1) {
            first = now;
            times = 0;
        }
        if (++times == CONTROL_C_TIMES) {
            terminal_restore();
            warn("stopped by ^C");
            leave(EXIT_DEATH);
        }
    }
}

static void
read_input(struct queue *q)
{
    unsigned room = sizeof(input.bytes) - input.len;
    if (input.ended || room == 0 || !device_fd_ready(q->fd, POLLIN))
        return;
    ssize_t n = read(q->fd, input.bytes + input.len, room);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        input.ended = true; /* lguest has no way to tell the guest, so others are not told */
        input.tell = output_raw;
        return;
    }
    if (input.escape)
        look_for_control_c(input.bytes + input.len, n);
    input.len += n;
}

static void
serve_input(struct queue *q)
{
    static struct chain c;
    read_input(q);
    while (q->device->running && input.len > 0 && ring_peek(q, &c)) {
        if (c.nr_out)
            ring_violation(q, "a readable descriptor in the input queue");
        ring_take(q, &c);
        uint32_t n = iov_write(c.parts, c.nr_in, input.bytes, input.len);
        memmove(input.bytes, input.bytes + n, input.len - n);
        input.len -= n;
        q->device->bytes_in += n;
        ring_put(q, c.head, n);
    }
    if (q->device->running && input.tell && input.len == 0 && ring_peek(q, &c)) {
        input.tell = false;
        ring_take(q, &c);
        ring_put(q, c.head, 0);
    }
    q->events = input.ended || input.len == sizeof(input.bytes) ? 0 : POLLIN;
    ring_interrupt(q);
}

/* Output that nobody takes is lost, as on a wire that is not plugged in; but if it is not the
 * reader who has gone, the user should know. */
static void
output_lost(void)
{
    static bool told;
    if (!told && errno != EPIPE)
        warn("the console's output is lost: %s", strerror(errno));
    told = true;
}

/* Writes some of it; false if the descriptor takes no more at present. */
static bool
write_some(int fd, const struct iovec *part)
{
    if (output_blocks && !device_fd_ready(fd, POLLOUT))
        return false;
    size_t len = part->iov_len;
    if (output_blocks && len > OUTPUT_AT_ONCE)
        len = OUTPUT_AT_ONCE;
    ssize_t written = write(fd, part->iov_base, len);
    if (written < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (written < 0)
        output_lost();
    output_moved = seconds();
    output_done += written < 0 ? len : (size_t)written;
    return true;
}

static void
serve_output(struct queue *q)
{
    static struct chain c;
    q->events = 0;
    while (q->device->running && ring_peek(q, &c)) {
        if (c.nr_in)
            ring_violation(q, "a writable descriptor in the output queue");
        uint32_t total = c.out_len;
        while (output_done < total) {
            struct iovec rest[CHAIN_PARTS];
            memcpy(rest, c.parts, c.nr_out * sizeof(rest[0]));
            iov_skip(rest, c.nr_out, output_done);
            if (!write_some(q->fd, rest)) {
                q->events = POLLOUT;
                ring_interrupt(q);
                return;
            }
        }
        output_done = 0;
        ring_take(q, &c);
        q->device->bytes_out += total;
        ring_put(q, c.head, 0);
    }
    ring_interrupt(q);
}

/*
 * Sleeps until the descriptor takes more; false if it has taken nothing for too long: the guest's
 * own patience (kernel/device.h) is the same. Whoever asks for the launcher's end is heard
 * meanwhile; nudges, which are seen once and mean work for the guest, stay pending.
 */
static bool
wait_patiently(void)
{
    struct pollfd one = {.fd = output_fd, .events = POLLOUT};
    sigset_t all_but_ends;
    sigfillset(&all_but_ends);
    sigdelset(&all_but_ends, SIGTERM);
    sigdelset(&all_but_ends, SIGINT);
    sigdelset(&all_but_ends, SIGHUP);
    sigdelset(&all_but_ends, SIGALRM);
    for (;;) {
        time_t left = output_moved + CONSOLE_PATIENCE - seconds();
        if (left <= 0)
            return false;
        struct timespec limit = {.tv_sec = left};
        int ready = ppoll(&one, 1, &limit, &all_but_ends);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
}

/* To where somebody may still read it. */
static void
print_aside(const char *text, uint32_t len)
{
    if (output_fd != STDERR_FILENO)
        write_all(STDERR_FILENO, text, len);
}

void
console_print(const char *text, uint32_t len)
{
    if (output_raw) {
        write_all(STDERR_FILENO, text, len);
        return;
    }
    if (!output->events) /* else a reader that takes nothing has had some of its time */
        output_moved = seconds();
    while (len > 0) {
        uint32_t part = len < OUTPUT_AT_ONCE ? len : OUTPUT_AT_ONCE;
        if (output_blocks && !wait_patiently()) {
            print_aside(text, len);
            return;
        }
        ssize_t written = write(output_fd, text, part);
        if (written < 0 && errno != EAGAIN && errno != EINTR) {
            output_lost();
            return;
        }
        if (written <= 0)
            continue;
        output_moved = seconds();
        text += written;
        len -= written;
    }
}

bool
console_waits(void)
{
    return output && output->events && seconds() < output_moved + CONSOLE_PATIENCE;
}

void
console_empty(void)
{
    static bool emptying; /* a violation in here ends the launcher, which comes here again */
    if (!output || emptying)
        return;
    emptying = true;
    serve_output(output);
    while (output->events && wait_patiently())
        serve_output(output);
    if (output->events)
        warn("the console has taken nothing for %u seconds; its last output is lost",
             CONSOLE_PATIENCE);
    emptying = false;
}

static void
serve(struct queue *q)
{
    if (q->index == INPUT)
        serve_input(q);
    else
        serve_output(q);
}

static void
reset(struct device *d)
{
    d->queues[OUTPUT].events = 0;
    output_done = 0;
}

static const struct device_ops console = {.serve = serve, .reset = reset};

static bool
can_block(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && !S_ISREG(status.st_mode);
}

static int
open_pty(void)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0)
        die("cannot make a pseudo-terminal: %s", strerror(errno));
    const char *name = ptsname(fd);
    /* Kept open: without anybody on the other side it would read as ended. */
    int other = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios mode;
    if (other < 0 || tcgetattr(other, &mode) != 0)
        die("cannot open %s: %s", name, strerror(errno));
    cfmakeraw(&mode);
    tcsetattr(other, TCSANOW, &mode);
    warn("console on %s", name);
    return fd;
}

void
console_open(const char *value)
{
    struct device *d = device_new(&console, VIRTIO_ID_CONSOLE, 2);
    struct queue *in = &d->queues[INPUT], *out = &d->queues[OUTPUT];
    output_raw = value && strcmp(value, "raw") == 0;
    if (!value || output_raw) {
        in->fd = STDIN_FILENO;
        out->fd = STDOUT_FILENO;
        input.escape = isatty(STDIN_FILENO) && !output_raw;
        input.ended = terminal_in_background();
    } else if (strcmp(value, "PTY") == 0) {
        in->fd = out->fd = open_pty();
    } else {
        out->fd = open(value, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
        if (out->fd < 0)
            usage_error("cannot write to %s: %s", value, strerror(errno));
        input.ended = true;
    }
    output = out;
    output_fd = out->fd;
    output_moved = seconds();
    output_blocks = can_block(output_fd);
    in->events = input.ended ? 0 : POLLIN;
}
