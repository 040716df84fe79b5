/*
 * What the families of sockets share: moving bytes of a message's parts, control messages, time-outs
 * and waiting.
 */
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"
#include "lib/socket/errno.h"
#include "lib/socket/family.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/string.h"

/* ---- both ways ---- */

/* Bytes of a scatter list; -EINVAL when they are more than a call can return. */
static long
total_length(const struct socket_message *message)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < message->nr_iov; i++)
        total += message->iov[i].len;
    return total <= INT32_MAX ? (long)total : -EINVAL;
}

long
socket_send_message(struct file *file, const struct socket_message *message, unsigned flags)
{
    long total = total_length(message);

    if (total < 0)
        return total;
    if ((flags & LINUX_MSG_OOB) || !file->ops->socket->send)
        return -EOPNOTSUPP;
    return file->ops->socket->send(file, message, total, flags);
}

long
socket_receive_message(struct file *file, struct socket_message *message, unsigned flags)
{
    long total = total_length(message);

    if (total < 0)
        return total;
    if (flags & LINUX_MSG_OOB)
        return -EINVAL;
    if (!file->ops->socket->receive)
        return -EOPNOTSUPP;
    return file->ops->socket->receive(file, message, total, flags);
}

long
socket_readv(struct file *file, const struct abi_iovec *parts, unsigned count)
{
    struct socket_message message = {.iov = parts, .nr_iov = count};

    if (total_length(&message) == 0)
        return 0; /* read() of nothing never waits; recv() does */
    return socket_receive_message(file, &message, 0);
}

long
socket_writev(struct file *file, const struct abi_iovec *parts, unsigned count)
{
    struct socket_message message = {.iov = parts, .nr_iov = count};

    return socket_send_message(file, &message, 0);
}

/* ---- parts ---- */

/* What of the parts lies behind the first `*at` bytes and is part of `i`. */
static size_t
run_of(const struct abi_iovec *part, size_t *at, size_t len, char **from)
{
    size_t skip = MIN(*at, (size_t)part->len);

    *at -= skip;
    *from = part->base + skip;
    return MIN(len, part->len - skip);
}

size_t
socket_copy_in(const struct socket_message *message, size_t at, void *to, size_t len)
{
    size_t done = 0;

    for (unsigned i = 0; i < message->nr_iov && done < len; i++) {
        char *from;
        size_t n = run_of(&message->iov[i], &at, len - done, &from);

        memcpy((char *)to + done, from, n);
        done += n;
    }
    return done;
}

size_t
socket_copy_out(const struct socket_message *message, size_t at, const void *from, size_t len)
{
    size_t done = 0;

    for (unsigned i = 0; i < message->nr_iov && done < len; i++) {
        char *to;
        size_t n = run_of(&message->iov[i], &at, len - done, &to);

        memcpy(to, (const char *)from + done, n);
        done += n;
    }
    return done;
}

void
socket_put_control(struct socket_message *message, int level, int type, const void *value,
                   uint32_t size)
{
    struct socket_cmsg head = {sizeof(head) + size, level, type};
    uint32_t room = message->control_room - message->control_len;
    char *to = (char *)message->control + message->control_len;

    if (!message->control || room < sizeof(head)) {
        message->flags |= LINUX_MSG_CTRUNC;
        return;
    }
    if (room < head.len) {
        message->flags |= LINUX_MSG_CTRUNC;
        head.len = room;
    }
    memcpy(to, &head, sizeof(head));
    memcpy(to + sizeof(head), value, head.len - sizeof(head));
    message->control_len += MIN(SOCKET_CMSG_ALIGNED(head.len), room);
}

int
socket_give(void *value, uint32_t *len, const void *from, size_t size)
{
    *len = MIN(*len, (uint32_t)size);
    memcpy(value, from, *len);
    return 0;
}

/* ---- time-outs ---- */

#define TIMEOUT_MAX (1000000000ll) /* seconds; longer is for ever */

uint64_t *
socket_timeout_of(int name, uint64_t *receive, uint64_t *send, size_t *half)
{
    *half = name == LINUX_SO_RCVTIMEO || name == LINUX_SO_SNDTIMEO ? 8 : 4;
    switch (name) {
    case LINUX_SO_RCVTIMEO:
    case LINUX_SO_RCVTIMEO_OLD:
        return receive;
    case LINUX_SO_SNDTIMEO:
    case LINUX_SO_SNDTIMEO_OLD:
        return send;
    default:
        return NULL;
    }
}

int
socket_set_timeout(uint64_t *timeout, const void *value, uint32_t len, size_t half)
{
    int64_t seconds, micros;
    int32_t words[2];

    if (len < 2 * half)
        return -EINVAL;
    if (half == 8) {
        memcpy(&seconds, value, 8);
        memcpy(&micros, (const char *)value + 8, 8);
    } else {
        memcpy(words, value, sizeof(words));
        seconds = words[0];
        micros = words[1];
    }
    if (micros < 0 || micros >= 1000000)
        return -EDOM;
    if (seconds < 0 || seconds > TIMEOUT_MAX)
        seconds = micros = 0; /* as Linux: none */
    *timeout = (uint64_t)seconds * NSEC_PER_SEC + (uint64_t)micros * NSEC_PER_USEC;
    return 0;
}

int
socket_get_timeout(uint64_t timeout, void *value, uint32_t *len, size_t half)
{
    int64_t pair[2] = {(int64_t)(timeout / NSEC_PER_SEC),
                       (int64_t)(timeout % NSEC_PER_SEC / NSEC_PER_USEC)};
    int32_t words[2] = {(int32_t)pair[0], (int32_t)pair[1]};

    return half == 8 ? socket_give(value, len, pair, sizeof(pair))
                     : socket_give(value, len, words, sizeof(words));
}

uint64_t
socket_deadline(uint64_t timeout)
{
    return timeout ? clock_now() + timeout : TIME_NEVER;
}

int
socket_wait_for(struct file *file, unsigned events, bool dontwait, uint64_t deadline)
{
    if (dontwait || file->flags & FILE_O_NONBLOCK) {
        thread_yield();
        return -EAGAIN;
    }
    int ready = file_wait(file, events, deadline);
    return ready == -ETIMEDOUT ? -EAGAIN : MIN(ready, 0);
}
