/*
 * The system calls of sockets of every family, by both ways in: one number each, and socketcall, which has
 * them all behind one number and takes its arguments from memory. The C library uses the
 * first; other C libraries for i386, and Go, use the second.
 */
#include "lib/libc/clock.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"
#include "lib/socket/errno.h"
#include "lib/socket/family.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/string.h"

PART(sockets);

ENLIST_DECLARE(socket_families);

static const struct socket_family *
family_of(int domain)
{
    ENLIST_FOREACH(socket_families, const struct socket_family, family) {
        if (family->domain == domain)
            return family;
    }
    return NULL;
}

static const struct socket_verbs *
verbs(const struct file *file)
{
    return file->ops->socket;
}

/* Descriptor to socket for the length of a call, which may block: another thread may close
 * the descriptor meanwhile. */
static int
begin(int fd, struct file **out)
{
    *out = fd_get(fd);
    if (!*out)
        return -EBADF;
    if (!verbs(*out))
        return -ENOTSOCK;
    file_hold(*out);
    return 0;
}

static long
end(struct file *file, long result)
{
    file_release(file);
    return result;
}

static int
install(struct file *file, int flags)
{
    if (flags & LINUX_SOCK_NONBLOCK)
        file->flags |= FILE_O_NONBLOCK;
    return fd_install(file, 0, (flags & LINUX_SOCK_CLOEXEC) != 0);
}

static bool
is_type(int type)
{
    return !(type & ~(LINUX_SOCK_TYPE_MASK | LINUX_SOCK_NONBLOCK | LINUX_SOCK_CLOEXEC));
}

SYSCALL(359, socket, int domain, int type, int protocol)
{
    const struct socket_family *family = family_of(domain);
    struct file *file;

    if (!is_type(type))
        return -EINVAL;
    if (!family)
        return -EAFNOSUPPORT;
    int error = family->create(domain, type & LINUX_SOCK_TYPE_MASK, protocol, &file);
    return error ? error : install(file, type);
}

SYSCALL(360, socketpair, int domain, int type, int protocol, int *fds)
{
    const struct socket_family *family = family_of(domain);
    struct file *pair[2];

    if (!is_type(type))
        return -EINVAL;
    if (!family)
        return -EAFNOSUPPORT;
    if (!family->pair)
        return -EOPNOTSUPP;
    int error = family->pair(type & LINUX_SOCK_TYPE_MASK, protocol, pair);
    if (error)
        return error;
    int first = install(pair[0], type);
    if (first < 0) {
        file_release(pair[1]);
        return first;
    }
    int second = install(pair[1], type);
    if (second < 0) {
        fd_close(first);
        return second;
    }
    fds[0] = first;
    fds[1] = second;
    return 0;
}

SYSCALL(361, bind, int fd, const void *name, uint32_t len)
{
    struct file *file;
    int error = begin(fd, &file);

    if (error)
        return error;
    if (!verbs(file)->bind)
        return end(file, -EOPNOTSUPP);
    return end(file, name ? verbs(file)->bind(file, name, len) : -EFAULT);
}

SYSCALL(362, connect, int fd, const void *name, uint32_t len)
{
    struct file *file;
    int error = begin(fd, &file);

    if (error)
        return error;
    if (!verbs(file)->connect)
        return end(file, -EOPNOTSUPP);
    defer_run();
    return end(file, name ? verbs(file)->connect(file, name, len) : -EFAULT);
}

SYSCALL(363, listen, int fd, int backlog)
{
    struct file *file;
    int error = begin(fd, &file);

    if (error)
        return error;
    return end(file, verbs(file)->listen ? verbs(file)->listen(file, backlog) : -EOPNOTSUPP);
}

SYSCALL(364, accept4, int fd, void *name, uint32_t *len, int flags)
{
    struct file *file, *accepted;

    if (flags & ~(LINUX_SOCK_NONBLOCK | LINUX_SOCK_CLOEXEC))
        return -EINVAL;
    int error = begin(fd, &file);
    if (error)
        return error;
    if (!verbs(file)->accept)
        return end(file, -EOPNOTSUPP);
    defer_run();
    error = verbs(file)->accept(file, &accepted);
    if (error)
        return end(file, error);
    /* A peer that is gone already has no name any more; the connection is delivered. */
    if (name && verbs(accepted)->name(accepted, true, name, len) == -ENOTCONN)
        *len = 0;
    return end(file, install(accepted, flags));
}

static long
name_of(int fd, bool peer, void *name, uint32_t *len)
{
    struct file *file;
    int error = begin(fd, &file);

    if (error)
        return error;
    if (!verbs(file)->name)
        return end(file, -EOPNOTSUPP);
    return end(file, name && len ? verbs(file)->name(file, peer, name, len) : -EFAULT);
}

SYSCALL(367, getsockname, int fd, void *name, uint32_t *len)
{
    return name_of(fd, false, name, len);
}

SYSCALL(368, getpeername, int fd, void *name, uint32_t *len)
{
    return name_of(fd, true, name, len);
}

SYSCALL(365, getsockopt, int fd, int level, int option, void *value, uint32_t *len)
{
    struct file *file;
    int error = begin(fd, &file);

    if (error)
        return error;
    if (!verbs(file)->get_option)
        return end(file, -EOPNOTSUPP);
    if (!value || !len)
        return end(file, -EFAULT);
    if ((int32_t)*len < 0)
        return end(file, -EINVAL);
    return end(file, verbs(file)->get_option(file, level, option, value, len));
}

SYSCALL(366, setsockopt, int fd, int level, int option, const void *value, int32_t len)
{
    struct file *file;
    int error = begin(fd, &file);

    if (error)
        return error;
    if (!verbs(file)->set_option)
        return end(file, -EOPNOTSUPP);
    if (!value)
        return end(file, -EFAULT);
    if (len < 0)
        return end(file, -EINVAL);
    return end(file, verbs(file)->set_option(file, level, option, value, (uint32_t)len));
}

SYSCALL(369, sendto, int fd, void *from, uint32_t bytes, unsigned flags, void *name,
        uint32_t len)
{
    struct abi_iovec iov = {from, bytes};
    struct socket_message message = {.iov = &iov, .nr_iov = 1, .name = name, .namelen = len};
    struct file *file;
    int error = begin(fd, &file);

    return error ? error : end(file, socket_send_message(file, &message, flags));
}

SYSCALL(371, recvfrom, int fd, void *to, uint32_t room, unsigned flags, void *name,
        uint32_t *len)
{
    struct abi_iovec iov = {to, room};
    struct socket_message message = {.iov = &iov, .nr_iov = 1, .name = name};
    struct file *file;
    long result = begin(fd, &file);

    if (result)
        return result;
    if (name && !len)
        return end(file, -EFAULT);
    if (name && (int32_t)*len < 0)
        return end(file, -EINVAL);
    message.namelen = name ? *len : 0;
    result = socket_receive_message(file, &message, flags);
    if (result >= 0 && name)
        *len = message.namelen;
    return end(file, result);
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
    struct file *file;
    int error = begin(fd, &file);

    if (error)
        return error;
    error = message_in(header, &message);
    return end(file, error ? error : socket_send_message(file, &message, flags));
}

SYSCALL(372, recvmsg, int fd, struct linux_msghdr *header, unsigned flags)
{
    struct socket_message message;
    struct file *file;
    long result = begin(fd, &file);

    if (result)
        return result;
    result = message_in(header, &message);
    if (!result)
        result = socket_receive_message(file, &message, flags);
    if (result >= 0) {
        header->namelen = message.name ? message.namelen : 0;
        header->controllen = message.control_len;
        header->flags = message.flags;
    }
    return end(file, result);
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
    int error = clock_deadline32(span, &deadline);

    return error ? error : move_several(sys_recvmsg, fd, messages, count, flags, deadline);
}

SYSCALL(417, recvmmsg_time64, int fd, struct linux_mmsghdr *messages, uint32_t count,
        unsigned flags, const struct abi_timespec64 *span)
{
    uint64_t deadline;
    int error = clock_deadline64(span, &deadline);

    return error ? error : move_several(sys_recvmsg, fd, messages, count, flags, deadline);
}

SYSCALL(373, shutdown, int fd, int how)
{
    struct file *file;
    int error = begin(fd, &file);

    if (error)
        return error;
    return end(file, verbs(file)->shutdown ? verbs(file)->shutdown(file, how) : -EOPNOTSUPP);
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
