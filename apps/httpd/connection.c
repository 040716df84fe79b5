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

/* Milliseconds, which are multiplied by `patience`. */
#define IDLE_LIMIT   15000 /* between requests */
#define HEAD_LIMIT   5000  /* for a whole head, the first one from the connection on */
#define SEND_LIMIT   30000 /* without progress */
#define DRAIN_LIMIT  10000 /* for a body that nobody wants */
#define LINGER_LIMIT 2000  /* for the client to close after us */

#define EVENT_SPAN 1000 /* milliseconds from one event to the next */

#define CHUNK    32768 /* bytes of a file at a time, */
#define SMALL    4096  /* and where there are more connections than */
#define FEW      64
#define IN_FIRST 512 /* bytes: most heads fit */
#define ROUNDS   8   /* steps in a row before others have their turn */

enum state {
    READING,   /* a head */
    SENDING,   /* the answer */
    DRAINING,  /* the request's body, which is thrown away */
    WATCHING,  /* the answer is a stream of events, and the next one is not due yet */
    LINGERING, /* closed by us; what still comes is thrown away, so that the client can read
                  the answer before it learns of the end (RFC 9112, 9.6) */
    FINISHED,
};

/* What is being sent, while something is. */
struct sending {
    size_t head_sent;
    char *chunk; /* a piece of the file, from malloc when first needed */
    size_t chunk_size;
    const char *out; /* what comes after the head */
    size_t out_len;
    struct answer answer;
};

/* Most connections wait for their client, and are this and no more. */
struct connection {
    int socket;
    unsigned place; /* the loop's */
    enum state state;
    bool served; /* one request at least */
    int64_t deadline;
    char *in; /* what was received and not used yet, from malloc; NULL: nothing */
    size_t in_len, in_size;
    uint64_t body_left;      /* of the body of the request being answered, from `in` on */
    struct sending *sending; /* in SENDING, else NULL */
};

/* Where bytes arrive: one connection at a time receives. */
static char arrived[REQUEST_HEAD_MAX];

/* One that nobody uses, for the next answer; or NULL. */
static struct sending *spare;

struct connection *
connection_new(int socket, int64_t now)
{
    struct connection *c = calloc(1, sizeof(*c));

    if (!c) {
        close(socket);
        return NULL;
    }
    c->socket = socket;
    c->deadline = now + patience * HEAD_LIMIT;
    counters.open++;
    counters.accepted++;
    return c;
}

static void
stop_sending(struct connection *c)
{
    if (!c->sending)
        return;
    answer_free(&c->sending->answer);
    if (spare) {
        free(spare->chunk);
        free(spare);
    }
    spare = c->sending;
    c->sending = NULL;
}

void
connection_free(struct connection *c)
{
    close(c->socket);
    stop_sending(c);
    free(c->in);
    free(c);
    counters.open--;
}

int
connection_socket(const struct connection *c)
{
    return c->socket;
}

unsigned *
connection_place(struct connection *c)
{
    return &c->place;
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
    if (c->state == WATCHING)
        return 1;
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

/* Where an answer is to be made; without memory for it the connection is finished, and NULL. */
static struct answer *
new_answer(struct connection *c, int64_t now)
{
    struct sending *s = spare ? spare : calloc(1, sizeof(*s));

    spare = NULL;
    c->sending = s;
    if (!s) {
        enter(c, FINISHED, now);
        return NULL;
    }
    s->head_sent = 0;
    answer_init(&s->answer);
    return &s->answer;
}

static void
start_answer(struct connection *c, int64_t now)
{
    struct sending *s = c->sending;

    s->out = s->answer.body;
    s->out_len = s->answer.body_len;
    if (s->answer.status >= 400)
        counters.errors++;
    enter(c, SENDING, now + patience * SEND_LIMIT);
}

/* The next piece of the file; false when it cannot be read: then the client has to learn by
 * the connection's end that the rest is missing. */
static bool
refill(struct sending *s)
{
    if (!s->chunk) {
        s->chunk_size = counters.open > FEW ? SMALL : CHUNK;
        s->chunk = malloc(s->chunk_size);
    }
    if (!s->chunk)
        return false;
    size_t want = s->answer.left < s->chunk_size ? (size_t)s->answer.left : s->chunk_size;
    ssize_t n = pread(s->answer.file, s->chunk, want, (off_t)s->answer.at);
    if (n <= 0)
        return false;
    s->answer.at += (uint64_t)n;
    s->answer.left -= (uint64_t)n;
    s->out = s->chunk;
    s->out_len = (size_t)n;
    return true;
}

static void
sent(struct sending *s, size_t n)
{
    size_t head = s->answer.head_len - s->head_sent;

    counters.bytes_sent += n;
    if (head > n)
        head = n;
    s->head_sent += head;
    s->out += n - head;
    s->out_len -= n - head;
}

/*
 * If the bytes begin with a whole head, answer it: how many are done with. To be called whenever
 * there are new ones: nobody else looks at them again.
 */
static size_t
parse(struct connection *c, char *bytes, size_t len, int64_t now)
{
    static struct request request; /* one at a time, and it is large */
    size_t head = request_parse(bytes, len, &request);

    if (head == 0)
        return 0;
    counters.requests++;
    c->served = true;
    struct answer *answer = new_answer(c, now);
    if (!answer)
        return len;
    /* A client that waits for permission to send its body has not sent it, or has: who knows
     * where the next request begins? */
    answer_request(answer, &request,
                   request.keep_alive && !request.expects_100 &&
                       counters.open <= connections_kept);
    c->body_left = request.body;
    start_answer(c, now);
    return head;
}

/* The first bytes of what was received are done with. */
static void
forget(struct connection *c, size_t used)
{
    c->in_len -= used;
    if (c->in_len > 0) {
        memmove(c->in, c->in + used, c->in_len);
        return;
    }
    free(c->in);
    c->in = NULL;
    c->in_size = 0;
}

/* What follows an answer that is out; false if that is up to the client, or to time. */
static bool
after_answer(struct connection *c, int64_t now)
{
    bool keep = c->sending->answer.keep, watches = c->sending->answer.watches;

    stop_sending(c);
    if (watches) {
        enter(c, WATCHING, now + EVENT_SPAN - now % EVENT_SPAN); /* all of them in one turn */
        return false;
    }
    if (!keep) {
        forget(c, c->in_len);
        shutdown(c->socket, SHUT_WR);
        enter(c, LINGERING, now + patience * LINGER_LIMIT);
        return true;
    }
    size_t body = c->in_len < c->body_left ? c->in_len : (size_t)c->body_left;
    c->body_left -= body;
    forget(c, body);
    if (c->body_left > 0) {
        enter(c, DRAINING, now + patience * DRAIN_LIMIT);
        return true;
    }
    enter(c, READING, now + patience * (c->in_len ? HEAD_LIMIT : IDLE_LIMIT));
    if (c->in_len == 0)
        return false;
    forget(c, parse(c, c->in, c->in_len, now));
    return true;
}

/* Returns false when it would block. */
static bool
step_sending(struct connection *c, int64_t now)
{
    struct iovec parts[2];
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    struct sending *s = c->sending;

    if (s->out_len == 0 && s->answer.left > 0 && !refill(s)) {
        enter(c, FINISHED, now);
        return true;
    }
    parts[0].iov_base = s->answer.head + s->head_sent;
    parts[0].iov_len = s->answer.head_len - s->head_sent;
    parts[1].iov_base = (void *)(uintptr_t)s->out;
    parts[1].iov_len = s->out_len;
    ssize_t n = sendmsg(c->socket, &message, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return errno == EINTR;
    if (n < 0) {
        enter(c, FINISHED, now);
        return true;
    }
    sent(s, (size_t)n);
    c->deadline = now + patience * SEND_LIMIT;
    if (s->head_sent == s->answer.head_len && s->out_len == 0 && s->answer.left == 0)
        return after_answer(c, now);
    return true;
}

/* ---- receiving ---- */

/* Bytes that arrived, 0 when there are none now; the end of the stream finishes the connection. */
static size_t
receive(struct connection *c, size_t size, int64_t now)
{
    ssize_t n = recv(c->socket, arrived, size, 0);

    if (n > 0)
        return (size_t)n;
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        enter(c, FINISHED, now);
    return 0;
}

/* Put bytes behind what is there; false without memory. */
static bool
append(struct connection *c, const char *bytes, size_t n)
{
    size_t size = c->in_size ? c->in_size : IN_FIRST;

    while (size < c->in_len + n)
        size *= 2;
    if (size > c->in_size) {
        char *in = realloc(c->in, size);
        if (!in)
            return false;
        c->in = in;
        c->in_size = size;
    }
    memcpy(c->in + c->in_len, bytes, n);
    c->in_len += n;
    return true;
}

/* Most requests come whole, and need no memory. */
static bool
step_reading(struct connection *c, int64_t now)
{
    size_t n = receive(c, sizeof(arrived) - c->in_len, now);

    if (n == 0)
        return c->state == FINISHED;
    if (c->in_len == 0 && c->served)
        c->deadline = now + patience * HEAD_LIMIT;
    size_t used = c->in_len == 0 ? parse(c, arrived, n, now) : 0;
    bool more = c->in_len > 0;
    if (used < n && !append(c, arrived + used, n - used))
        enter(c, FINISHED, now);
    else if (more)
        forget(c, parse(c, c->in, c->in_len, now));
    return true;
}

static bool
step_draining(struct connection *c, int64_t now)
{
    size_t want = c->body_left < sizeof(arrived) ? (size_t)c->body_left : sizeof(arrived);
    size_t n = receive(c, want, now);

    c->body_left -= n;
    if (c->body_left == 0)
        enter(c, READING, now + patience * IDLE_LIMIT);
    return n > 0 || c->state == FINISHED;
}

/* A browser says nothing more, and its end is the end. */
static bool
step_watching(struct connection *c, int64_t now)
{
    return receive(c, sizeof(arrived), now) > 0 || c->state == FINISHED;
}

static bool
step_lingering(struct connection *c, int64_t now)
{
    return receive(c, sizeof(arrived), now) > 0 || c->state == FINISHED;
}

/* ---- what the loop calls ---- */

bool
connection_ready(struct connection *c, int64_t now)
{
    static bool (*const steps[])(struct connection *, int64_t) = {
        [READING] = step_reading,   [SENDING] = step_sending,     [DRAINING] = step_draining,
        [WATCHING] = step_watching, [LINGERING] = step_lingering,
    };

    for (int i = 0; i < ROUNDS && c->state != FINISHED; i++)
        if (!steps[c->state](c, now))
            break;
    return c->state != FINISHED;
}

bool
connection_late(struct connection *c, int64_t now)
{
    if (c->state != WATCHING && (c->state != READING || c->in_len == 0))
        return false;
    struct answer *answer = new_answer(c, now);
    if (!answer)
        return false;
    if (c->state == WATCHING)
        answer_event(answer);
    else
        answer_error(answer, 408);
    start_answer(c, now);
    return connection_ready(c, now);
}
