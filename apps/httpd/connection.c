/*
 * One client: its bytes become requests, each request an answer, in order and one at a time,
 * so requests that come without waiting (pipelining) simply stay in the buffer. The socket
 * never blocks; a step does what is possible now and says what it waits for.
 *
 * Every state has a time limit that the client cannot push out by sending a byte at a time,
 * except that a download may take as long as it makes progress.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "httpd.h"

/* Milliseconds. */
#define IDLE_LIMIT   15000 /* between requests */
#define HEAD_LIMIT   5000  /* for a whole head, the first one from the connection on */
#define SEND_LIMIT   30000 /* without progress */
#define DRAIN_LIMIT  10000 /* for a body that nobody wants */
#define LINGER_LIMIT 2000  /* for the client to close after us */

#define CHUNK   32768 /* bytes of a file at a time */
#define CROWDED 96    /* connections: from here on nobody keeps one between requests */
#define ROUNDS  8     /* steps in a row before others have their turn */

enum state {
    READING,   /* a head */
    SENDING,   /* the answer */
    DRAINING,  /* the request's body, which is thrown away */
    LINGERING, /* closed by us; what still comes is thrown away, so that the client can read
                  the answer before it learns of the end (RFC 9112, 9.6) */
    FINISHED,
};

struct connection {
    int socket;
    enum state state;
    bool served; /* one request at least */
    int64_t deadline;
    char in[REQUEST_HEAD_MAX];
    size_t in_len;
    size_t head_len;    /* of the request being answered, at the start of `in` */
    uint64_t body_left; /* of its body */
    struct answer answer;
    size_t head_sent;
    char *chunk;     /* a piece of the file, from malloc when first needed */
    const char *out; /* what is being sent after the head */
    size_t out_len;
};

struct connection *
connection_new(int socket, int64_t now)
{
    struct connection *c = calloc(1, sizeof(*c));

    if (!c) {
        close(socket);
        return NULL;
    }
    c->socket = socket;
    c->answer.file = -1;
    c->deadline = now + HEAD_LIMIT;
    counters.open++;
    counters.accepted++;
    return c;
}

void
connection_free(struct connection *c)
{
    close(c->socket);
    answer_free(&c->answer);
    free(c->chunk);
    free(c);
    counters.open--;
}

int
connection_socket(const struct connection *c)
{
    return c->socket;
}

short
connection_wants(const struct connection *c)
{
    return c->state == SENDING ? POLLOUT : POLLIN;
}

int64_t
connection_deadline(const struct connection *c)
{
    return c->deadline;
}

unsigned
connection_worth(const struct connection *c)
{
    if (c->state != READING)
        return 2;
    return c->in_len > 0 || !c->served;
}

static void
enter(struct connection *c, enum state state, int64_t deadline)
{
    c->state = state;
    c->deadline = deadline;
}

/* ---- sending ---- */

static void
start_answer(struct connection *c, int64_t now)
{
    c->head_sent = 0;
    c->out = c->answer.body;
    c->out_len = c->answer.body_len;
    if (c->answer.status >= 400)
        counters.errors++;
    enter(c, SENDING, now + SEND_LIMIT);
}

/* The next piece of the file; false when it cannot be read: then the client has to learn by
 * the connection's end that the rest is missing. */
static bool
refill(struct connection *c)
{
    if (!c->chunk && !(c->chunk = malloc(CHUNK)))
        return false;
    size_t want = c->answer.left < CHUNK ? (size_t)c->answer.left : CHUNK;
    ssize_t n = pread(c->answer.file, c->chunk, want, (off_t)c->answer.at);
    if (n <= 0)
        return false;
    c->answer.at += (uint64_t)n;
    c->answer.left -= (uint64_t)n;
    c->out = c->chunk;
    c->out_len = (size_t)n;
    return true;
}

static void
sent(struct connection *c, size_t n)
{
    size_t head = c->answer.head_len - c->head_sent;

    counters.bytes_sent += n;
    if (head > n)
        head = n;
    c->head_sent += head;
    c->out += n - head;
    c->out_len -= n - head;
}

/* If the buffer has a whole head, answer it. To be called whenever the buffer has changed:
 * nobody else looks at it again. */
static void
parse(struct connection *c, int64_t now)
{
    struct request request;

    c->head_len = request_parse(c->in, c->in_len, &request);
    if (c->head_len == 0)
        return;
    counters.requests++;
    c->served = true;
    /* A client that waits for permission to send its body has not sent it, or has: who knows
     * where the next request begins? */
    answer_request(&c->answer, &request,
                   request.keep_alive && !request.expects_100 && counters.open <= CROWDED);
    c->body_left = request.body;
    start_answer(c, now);
}

/* What follows an answer that is out. */
static void
after_answer(struct connection *c, int64_t now)
{
    answer_free(&c->answer);
    if (!c->answer.keep) {
        shutdown(c->socket, SHUT_WR);
        enter(c, LINGERING, now + LINGER_LIMIT);
        return;
    }
    size_t used = c->head_len;
    size_t body = c->in_len - used;
    if (body > c->body_left)
        body = (size_t)c->body_left;
    used += body;
    c->body_left -= body;
    c->in_len -= used;
    memmove(c->in, c->in + used, c->in_len);
    if (c->body_left > 0) {
        enter(c, DRAINING, now + DRAIN_LIMIT);
        return;
    }
    enter(c, READING, now + (c->in_len ? HEAD_LIMIT : IDLE_LIMIT));
    if (c->in_len > 0)
        parse(c, now);
}

/* Returns false when it would block. */
static bool
step_sending(struct connection *c, int64_t now)
{
    struct iovec parts[2];
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

    if (c->out_len == 0 && c->answer.left > 0 && !refill(c)) {
        enter(c, FINISHED, now);
        return true;
    }
    parts[0].iov_base = c->answer.head + c->head_sent;
    parts[0].iov_len = c->answer.head_len - c->head_sent;
    parts[1].iov_base = (void *)(uintptr_t)c->out;
    parts[1].iov_len = c->out_len;
    ssize_t n = sendmsg(c->socket, &message, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return errno == EINTR;
    if (n < 0) {
        enter(c, FINISHED, now);
        return true;
    }
    sent(c, (size_t)n);
    c->deadline = now + SEND_LIMIT;
    if (c->head_sent == c->answer.head_len && c->out_len == 0 && c->answer.left == 0)
        after_answer(c, now);
    return true;
}

/* ---- receiving ---- */

/* Bytes, 0 when there are none now; the end of the stream finishes the connection. */
static size_t
receive(struct connection *c, void *to, size_t size, int64_t now)
{
    ssize_t n = recv(c->socket, to, size, 0);

    if (n > 0)
        return (size_t)n;
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        enter(c, FINISHED, now);
    return 0;
}

static bool
step_reading(struct connection *c, int64_t now)
{
    size_t n = receive(c, c->in + c->in_len, sizeof(c->in) - c->in_len, now);

    if (n == 0)
        return c->state == FINISHED;
    if (c->in_len == 0 && c->served)
        c->deadline = now + HEAD_LIMIT;
    c->in_len += n;
    parse(c, now);
    return true;
}

static bool
step_draining(struct connection *c, int64_t now)
{
    size_t want = c->body_left < sizeof(c->in) ? (size_t)c->body_left : sizeof(c->in);
    size_t n = receive(c, c->in, want, now);

    c->body_left -= n;
    if (c->body_left == 0)
        enter(c, READING, now + IDLE_LIMIT);
    return n > 0 || c->state == FINISHED;
}

static bool
step_lingering(struct connection *c, int64_t now)
{
    return receive(c, c->in, sizeof(c->in), now) > 0 || c->state == FINISHED;
}

/* ---- what the loop calls ---- */

bool
connection_ready(struct connection *c, int64_t now)
{
    static bool (*const steps[])(struct connection *, int64_t) = {
        [READING] = step_reading,
        [SENDING] = step_sending,
        [DRAINING] = step_draining,
        [LINGERING] = step_lingering,
    };

    for (int i = 0; i < ROUNDS && c->state != FINISHED; i++)
        if (!steps[c->state](c, now))
            break;
    return c->state != FINISHED;
}

bool
connection_late(struct connection *c, int64_t now)
{
    if (c->state != READING || c->in_len == 0)
        return false;
    answer_error(&c->answer, 408);
    start_answer(c, now);
    return connection_ready(c, now);
}
