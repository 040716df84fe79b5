/*
 * The system calls of sockets, by both ways in: one number each, and socketcall, which has
 * them all behind one number and takes its arguments from memory. The C library tries the
 * first and falls back to the second.
 */
#include "lib/libc/clock.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"
#include "lib/net/core.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/string.h"

PART(net);

/* Descriptor to socket for the length of a call, which may block: another thread may close
 * the descriptor meanwhile. */
static int
begin_moving(long fd, struct socket **out)
{
    int err = socket_get((int)fd, out);

    if (!err)
        file_hold(&(*out)->file);
    return err;
}

/* For a call that only lwIP's sockets have; all but those that move data. */
static int
begin(long fd, struct socket **out)
{
    int err = socket_get((int)fd, out);

    return !err && (*out)->other ? -EOPNOTSUPP : err ? err : begin_moving(fd, out);
}

static long
end(struct socket *socket, long result)
{
    file_release(&socket->file);
    return result;
}

static int
install(struct socket *socket, long flags)
{
    if (flags & LINUX_SOCK_NONBLOCK)
        socket->file.flags |= FILE_O_NONBLOCK;
    return fd_install(&socket->file, 0, (flags & LINUX_SOCK_CLOEXEC) != 0);
}

static long
sys_socket(SYSCALL_ARGS)
{
    struct socket *socket;
    int err;

    if (b & ~(LINUX_SOCK_TYPE_MASK | LINUX_SOCK_NONBLOCK | LINUX_SOCK_CLOEXEC))
        return -EINVAL;
    err = socket_new((int)a, (int)b & LINUX_SOCK_TYPE_MASK, (int)c, &socket);
    return err ? err : install(socket, b);
}

static long
sys_socketpair(SYSCALL_ARGS)
{
    return a == LINUX_AF_INET || a == LINUX_AF_INET6 ? -EOPNOTSUPP : -EAFNOSUPPORT;
}

static long
sys_bind(SYSCALL_ARGS)
{
    struct socket *socket;
    int err = begin(a, &socket);

    if (err)
        return err;
    return end(socket, b ? socket_bind(socket, (const void *)b, (uint32_t)c) : -EFAULT);
}

static long
sys_connect(SYSCALL_ARGS)
{
    struct socket *socket;
    int err = begin(a, &socket);

    if (err)
        return err;
    defer_run();
    return end(socket, b ? socket_connect(socket, (const void *)b, (uint32_t)c) : -EFAULT);
}

static long
sys_listen(SYSCALL_ARGS)
{
    struct socket *socket;
    int err = begin(a, &socket);

    return err ? err : end(socket, socket_listen(socket, (int)b));
}

static long
sys_accept4(SYSCALL_ARGS)
{
    struct socket *socket, *accepted;
    int err;

    if (d & ~(LINUX_SOCK_NONBLOCK | LINUX_SOCK_CLOEXEC))
        return -EINVAL;
    err = begin(a, &socket);
    if (err)
        return err;
    defer_run();
    err = socket_accept(socket, &accepted);
    if (err)
        return end(socket, err);
    /* A peer that is gone already has no name any more; the connection is delivered. */
    err = socket_get_name(accepted, true, (void *)b, (uint32_t *)c);
    if (err == -ENOTCONN)
        *(uint32_t *)c = 0;
    return end(socket, install(accepted, d));
}

static long
sys_getsockname(SYSCALL_ARGS)
{
    struct socket *socket;
    int err = begin(a, &socket);

    if (err)
        return err;
    return end(socket, b ? socket_get_name(socket, false, (void *)b, (uint32_t *)c) : -EFAULT);
}

static long
sys_getpeername(SYSCALL_ARGS)
{
    struct socket *socket;
    int err = begin(a, &socket);

    if (err)
        return err;
    if (socket->state != SOCKET_CONNECTED)
        return end(socket, -ENOTCONN);
    return end(socket, b ? socket_get_name(socket, true, (void *)b, (uint32_t *)c) : -EFAULT);
}

static long
sys_getsockopt(SYSCALL_ARGS)
{
    uint32_t *len = (uint32_t *)e;
    struct socket *socket;
    int err = begin(a, &socket);

    if (err)
        return err;
    if (!d || !len)
        return end(socket, -EFAULT);
    if ((int32_t)*len < 0)
        return end(socket, -EINVAL);
    return end(socket, socket_get_option(socket, (int)b, (int)c, (void *)d, len));
}

static long
sys_setsockopt(SYSCALL_ARGS)
{
    struct socket *socket;
    int err = begin(a, &socket);

    if (err)
        return err;
    if (!d)
        return end(socket, -EFAULT);
    return end(socket,
               e < 0 ? -EINVAL
                     : socket_set_option(socket, (int)b, (int)c, (const void *)d, (uint32_t)e));
}

static long
sys_sendto(SYSCALL_ARGS)
{
    struct abi_iovec iov = {(void *)b, (uint32_t)c};
    struct socket_message message = {.iov = &iov, .nr_iov = 1, .name = (void *)e};
    struct socket *socket;
    int err = begin_moving(a, &socket);

    if (err)
        return err;
    message.namelen = (uint32_t)f;
    return end(socket, socket_send(socket, &message, (unsigned)d));
}

static long
sys_recvfrom(SYSCALL_ARGS)
{
    struct abi_iovec iov = {(void *)b, (uint32_t)c};
    struct socket_message message = {.iov = &iov, .nr_iov = 1, .name = (void *)e};
    uint32_t *len = (uint32_t *)f;
    struct socket *socket;
    long result = begin_moving(a, &socket);

    if (result)
        return result;
    if (e && !len)
        return end(socket, -EFAULT);
    if (e && (int32_t)*len < 0)
        return end(socket, -EINVAL);
    message.namelen = e ? *len : 0;
    result = socket_receive(socket, &message, (unsigned)d);
    if (result >= 0 && e)
        *len = message.namelen;
    return end(socket, result);
}

/* Checked, as far as it can be. */
static int
message_in(const struct linux_msghdr *header, struct socket_message *message)
{
    if (!header)
        return -EFAULT;
    if (header->iovlen > ABI_IOV_MAX)
        return -EMSGSIZE;
    if ((header->iovlen && !header->iov) || (int32_t)header->namelen < 0)
        return -EINVAL;
    *message = (struct socket_message){.iov = header->iov,
                                       .nr_iov = header->iovlen,
                                       .name = header->name,
                                       .namelen = header->namelen,
                                       .control = header->control,
                                       .control_room = header->controllen};
    return 0;
}

static long
sys_sendmsg(SYSCALL_ARGS)
{
    struct socket_message message;
    struct socket *socket;
    int err = begin_moving(a, &socket);

    if (err)
        return err;
    err = message_in((const struct linux_msghdr *)b, &message);
    return end(socket, err ? err : socket_send(socket, &message, (unsigned)c));
}

static long
sys_recvmsg(SYSCALL_ARGS)
{
    struct linux_msghdr *header = (struct linux_msghdr *)b;
    struct socket_message message;
    struct socket *socket;
    long result = begin_moving(a, &socket);

    if (result)
        return result;
    result = message_in(header, &message);
    if (!result)
        result = socket_receive(socket, &message, (unsigned)c);
    if (result >= 0) {
        header->namelen = message.name ? message.namelen : 0;
        header->controllen = message.control_len;
        header->flags = message.flags;
    }
    return end(socket, result);
}

/* Several messages, until one cannot be moved, or the time is past. How many were. */
static long
move_several(syscall_fn move, long fd, struct linux_mmsghdr *messages, uint32_t count,
             long flags, uint64_t deadline)
{
    long done = 0, n = 0;

    count = MIN(count, ABI_IOV_MAX);
    for (; done < (long)count && (done == 0 || clock_now() < deadline); done++) {
        n = move(fd, (long)&messages[done].header, flags & ~LINUX_MSG_WAITFORONE, 0, 0, 0);
        if (n < 0)
            break;
        messages[done].len = (uint32_t)n;
        if (flags & LINUX_MSG_WAITFORONE)
            flags |= LINUX_MSG_DONTWAIT;
    }
    return done ? done : n;
}

static long
sys_sendmmsg(SYSCALL_ARGS)
{
    return move_several(sys_sendmsg, a, (struct linux_mmsghdr *)b, (uint32_t)c, d, TIME_NEVER);
}

static long
sys_recvmmsg(SYSCALL_ARGS)
{
    uint64_t deadline;
    int err = clock_deadline32((const struct abi_timespec32 *)e, &deadline);

    return err ? err
               : move_several(sys_recvmsg, a, (struct linux_mmsghdr *)b, (uint32_t)c, d,
                              deadline);
}

static long
sys_recvmmsg_time64(SYSCALL_ARGS)
{
    uint64_t deadline;
    int err = clock_deadline64((const struct abi_timespec64 *)e, &deadline);

    return err ? err
               : move_several(sys_recvmsg, a, (struct linux_mmsghdr *)b, (uint32_t)c, d,
                              deadline);
}

static long
sys_shutdown(SYSCALL_ARGS)
{
    struct socket *socket;
    int err = begin(a, &socket);

    return err ? err : end(socket, socket_shutdown(socket, (int)b));
}

/* accept has no flags word, and its caller leaves anything there. */
static long
sys_accept(long a, long b, long c)
{
    return sys_accept4(a, b, c, 0, 0, 0);
}

static long
sys_socketcall(SYSCALL_ARGS)
{
    /* The numbers are Linux's (include/uapi/linux/net.h), from 1. */
    static const struct {
        syscall_fn fn;
        unsigned nr_args;
    } table[] = {
        [1] = {sys_socket, 3},
        [2] = {sys_bind, 3},
        [3] = {sys_connect, 3},
        [4] = {sys_listen, 2},
        [5] = {NULL, 3},
        [6] = {sys_getsockname, 3},
        [7] = {sys_getpeername, 3},
        [8] = {sys_socketpair, 4},
        [9] = {sys_sendto, 4},
        [10] = {sys_recvfrom, 4},
        [11] = {sys_sendto, 6},
        [12] = {sys_recvfrom, 6},
        [13] = {sys_shutdown, 2},
        [14] = {sys_setsockopt, 5},
        [15] = {sys_getsockopt, 5},
        [16] = {sys_sendmsg, 3},
        [17] = {sys_recvmsg, 3},
        [18] = {sys_accept4, 4},
        [19] = {sys_recvmmsg, 5},
        [20] = {sys_sendmmsg, 4},
    };
    enum { CALL_ACCEPT = 5 };
    long args[6] = {0};

    if (a < 1 || a >= (long)ARRAY_SIZE(table))
        return -EINVAL;
    if (!b)
        return -EFAULT;
    memcpy(args, (const void *)b, table[a].nr_args * sizeof(args[0]));
    if (a == CALL_ACCEPT)
        return sys_accept(args[0], args[1], args[2]);
    return table[a].fn(args[0], args[1], args[2], args[3], args[4], args[5]);
}

SYSCALL(102, socketcall);
SYSCALL(337, recvmmsg);
SYSCALL(345, sendmmsg);
SYSCALL(359, socket);
SYSCALL(360, socketpair);
SYSCALL(361, bind);
SYSCALL(362, connect);
SYSCALL(363, listen);
SYSCALL(364, accept4);
SYSCALL(365, getsockopt);
SYSCALL(366, setsockopt);
SYSCALL(367, getsockname);
SYSCALL(368, getpeername);
SYSCALL(369, sendto);
SYSCALL(370, sendmsg);
SYSCALL(371, recvfrom);
SYSCALL(372, recvmsg);
SYSCALL(373, shutdown);
SYSCALL(417, recvmmsg_time64);
