/*
 * The system calls of sockets, by both ways in: one number each, and socketcall, which has
 * them all behind one number and takes its arguments from memory. The C library uses the
 * first; other C libraries for i386, and Go, use the second.
 */
#include "lib/libc/clock.h"
#include "lib/libc/part.h"
#include "lib/libc/program.h"
#include "lib/libc/syscall.h"
#include "lib/net/core.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/string.h"

PART(net);
PROGRAM_PREEMPTED; /* packets are answered while it computes */

/* Descriptor to socket for the length of a call, which may block: another thread may close
 * the descriptor meanwhile. */
static int
begin_moving(int fd, struct socket **out)
{
    int err = socket_get(fd, out);

    if (!err)
        file_hold(&(*out)->file);
    return err;
}

/* For a call that only lwIP's sockets have; all but those that move data. */
static int
begin(int fd, struct socket **out)
{
    int err = socket_get(fd, out);

    return !err && (*out)->other ? -EOPNOTSUPP : err ? err : begin_moving(fd, out);
}

static long
end(struct socket *socket, long result)
{
    file_release(&socket->file);
    return result;
}

static int
install(struct socket *socket, int flags)
{
    if (flags & LINUX_SOCK_NONBLOCK)
        socket->file.flags |= FILE_O_NONBLOCK;
    return fd_install(&socket->file, 0, (flags & LINUX_SOCK_CLOEXEC) != 0);
}

SYSCALL(359, socket, int domain, int type, int protocol)
{
    struct socket *socket;
    int err;

    if (type & ~(LINUX_SOCK_TYPE_MASK | LINUX_SOCK_NONBLOCK | LINUX_SOCK_CLOEXEC))
        return -EINVAL;
    err = socket_new(domain, type & LINUX_SOCK_TYPE_MASK, protocol, &socket);
    return err ? err : install(socket, type);
}

SYSCALL(360, socketpair, int domain)
{
    return domain == LINUX_AF_INET || domain == LINUX_AF_INET6 ? -EOPNOTSUPP : -EAFNOSUPPORT;
}

SYSCALL(361, bind, int fd, const void *name, uint32_t len)
{
    struct socket *socket;
    int err = begin(fd, &socket);

    if (err)
        return err;
    return end(socket, name ? socket_bind(socket, name, len) : -EFAULT);
}

SYSCALL(362, connect, int fd, const void *name, uint32_t len)
{
    struct socket *socket;
    int err = begin(fd, &socket);

    if (err)
        return err;
    defer_run();
    return end(socket, name ? socket_connect(socket, name, len) : -EFAULT);
}

SYSCALL(363, listen, int fd, int backlog)
{
    struct socket *socket;
    int err = begin(fd, &socket);

    return err ? err : end(socket, socket_listen(socket, backlog));
}

SYSCALL(364, accept4, int fd, void *name, uint32_t *len, int flags)
{
    struct socket *socket, *accepted;
    int err;

    if (flags & ~(LINUX_SOCK_NONBLOCK | LINUX_SOCK_CLOEXEC))
        return -EINVAL;
    err = begin(fd, &socket);
    if (err)
        return err;
    defer_run();
    err = socket_accept(socket, &accepted);
    if (err)
        return end(socket, err);
    /* A peer that is gone already has no name any more; the connection is delivered. */
    err = socket_get_name(accepted, true, name, len);
    if (err == -ENOTCONN)
        *len = 0;
    return end(socket, install(accepted, flags));
}

SYSCALL(367, getsockname, int fd, void *name, uint32_t *len)
{
    struct socket *socket;
    int err = begin(fd, &socket);

    if (err)
        return err;
    return end(socket, name ? socket_get_name(socket, false, name, len) : -EFAULT);
}

SYSCALL(368, getpeername, int fd, void *name, uint32_t *len)
{
    struct socket *socket;
    int err = begin(fd, &socket);

    if (err)
        return err;
    if (socket->state != SOCKET_CONNECTED)
        return end(socket, -ENOTCONN);
    return end(socket, name ? socket_get_name(socket, true, name, len) : -EFAULT);
}

SYSCALL(365, getsockopt, int fd, int level, int option, void *value, uint32_t *len)
{
    struct socket *socket;
    int err = begin(fd, &socket);

    if (err)
        return err;
    if (!value || !len)
        return end(socket, -EFAULT);
    if ((int32_t)*len < 0)
        return end(socket, -EINVAL);
    return end(socket, socket_get_option(socket, level, option, value, len));
}

SYSCALL(366, setsockopt, int fd, int level, int option, const void *value, int32_t len)
{
    struct socket *socket;
    int err = begin(fd, &socket);

    if (err)
        return err;
    if (!value)
        return end(socket, -EFAULT);
    if (len < 0)
        return end(socket, -EINVAL);
    return end(socket, socket_set_option(socket, level, option, value, (uint32_t)len));
}

SYSCALL(369, sendto, int fd, void *from, uint32_t bytes, unsigned flags, void *name,
        uint32_t len)
{
    struct abi_iovec iov = {from, bytes};
    struct socket_message message = {.iov = &iov, .nr_iov = 1, .name = name, .namelen = len};
    struct socket *socket;
    int err = begin_moving(fd, &socket);

    return err ? err : end(socket, socket_send(socket, &message, flags));
}

SYSCALL(371, recvfrom, int fd, void *to, uint32_t room, unsigned flags, void *name,
        uint32_t *len)
{
    struct abi_iovec iov = {to, room};
    struct socket_message message = {.iov = &iov, .nr_iov = 1, .name = name};
    struct socket *socket;
    long result = begin_moving(fd, &socket);

    if (result)
        return result;
    if (name && !len)
        return end(socket, -EFAULT);
    if (name && (int32_t)*len < 0)
        return end(socket, -EINVAL);
    message.namelen = name ? *len : 0;
    result = socket_receive(socket, &message, flags);
    if (result >= 0 && name)
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

SYSCALL(370, sendmsg, int fd, struct linux_msghdr *header, unsigned flags)
{
    struct socket_message message;
    struct socket *socket;
    int err = begin_moving(fd, &socket);

    if (err)
        return err;
    err = message_in(header, &message);
    return end(socket, err ? err : socket_send(socket, &message, flags));
}

SYSCALL(372, recvmsg, int fd, struct linux_msghdr *header, unsigned flags)
{
    struct socket_message message;
    struct socket *socket;
    long result = begin_moving(fd, &socket);

    if (result)
        return result;
    result = message_in(header, &message);
    if (!result)
        result = socket_receive(socket, &message, flags);
    if (result >= 0) {
        header->namelen = message.name ? message.namelen : 0;
        header->controllen = message.control_len;
        header->flags = message.flags;
    }
    return end(socket, result);
}

/* Several messages, until one cannot be moved, or the time is past. How many were. */
static long
move_several(long (*move)(int, struct linux_msghdr *, unsigned), int fd,
             struct linux_mmsghdr *messages, uint32_t count, unsigned flags, uint64_t deadline)
{
    long done = 0, n = 0;

    count = MIN(count, ABI_IOV_MAX);
    for (; done < (long)count && (done == 0 || clock_now() < deadline); done++) {
        n = move(fd, &messages[done].header, flags & ~LINUX_MSG_WAITFORONE);
        if (n < 0)
            break;
        messages[done].len = (uint32_t)n;
        if (flags & LINUX_MSG_WAITFORONE)
            flags |= LINUX_MSG_DONTWAIT;
    }
    return done ? done : n;
}

SYSCALL(345, sendmmsg, int fd, struct linux_mmsghdr *messages, uint32_t count, unsigned flags)
{
    return move_several(sys_sendmsg, fd, messages, count, flags, TIME_NEVER);
}

SYSCALL(337, recvmmsg, int fd, struct linux_mmsghdr *messages, uint32_t count, unsigned flags,
        const struct abi_timespec32 *span)
{
    uint64_t deadline;
    int err = clock_deadline32(span, &deadline);

    return err ? err : move_several(sys_recvmsg, fd, messages, count, flags, deadline);
}

SYSCALL(417, recvmmsg_time64, int fd, struct linux_mmsghdr *messages, uint32_t count,
        unsigned flags, const struct abi_timespec64 *span)
{
    uint64_t deadline;
    int err = clock_deadline64(span, &deadline);

    return err ? err : move_several(sys_recvmsg, fd, messages, count, flags, deadline);
}

SYSCALL(373, shutdown, int fd, int how)
{
    struct socket *socket;
    int err = begin(fd, &socket);

    return err ? err : end(socket, socket_shutdown(socket, how));
}

/* The numbers are Linux's (include/uapi/linux/net.h), from 1. Words that a call's caller did not
 * give are 0: accept has no flags, send and recv no name. */
static const struct {
    const struct syscall *call;
    unsigned words;
} behind_socketcall[] = {
    [1] = {&syscall_socket, 3},      [2] = {&syscall_bind, 3},
    [3] = {&syscall_connect, 3},     [4] = {&syscall_listen, 2},
    [5] = {&syscall_accept4, 3},     [6] = {&syscall_getsockname, 3},
    [7] = {&syscall_getpeername, 3}, [8] = {&syscall_socketpair, 4},
    [9] = {&syscall_sendto, 4},      [10] = {&syscall_recvfrom, 4},
    [11] = {&syscall_sendto, 6},     [12] = {&syscall_recvfrom, 6},
    [13] = {&syscall_shutdown, 2},   [14] = {&syscall_setsockopt, 5},
    [15] = {&syscall_getsockopt, 5}, [16] = {&syscall_sendmsg, 3},
    [17] = {&syscall_recvmsg, 3},    [18] = {&syscall_accept4, 4},
    [19] = {&syscall_recvmmsg, 5},   [20] = {&syscall_sendmmsg, 4},
};

SYSCALL(102, socketcall, unsigned number, const long *from)
{
    long w[6] = {0};

    if (number < 1 || number >= ARRAY_SIZE(behind_socketcall))
        return -EINVAL;
    if (!from)
        return -EFAULT;
    memcpy(w, from, behind_socketcall[number].words * sizeof(*w));
    return syscall_make(behind_socketcall[number].call, w[0], w[1], w[2], w[3], w[4], w[5]);
}
