/*
 * What the C library asks the network's interfaces by: a socket of AF_NETLINK that lists
 * interfaces and addresses (getifaddrs, if_nameindex), and one of AF_UNIX that has the requests
 * SIOCGIF* and nothing else (if_nametoindex, if_indextoname). The lists are in the messages of
 * Linux's rtnetlink(7). Only programs that call those functions have this file in them.
 */
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"
#include "lib/net/links.h"
#include "lib/net/netlink.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"

PART(links);

enum { NETLINK_ROUTE = 0 };

static int
copy_in(const struct socket_message *message, void *to, size_t size)
{
    size_t done = 0;

    for (unsigned i = 0; i < message->nr_iov && done < size; i++) {
        size_t n = MIN(size - done, (size_t)message->iov[i].len);

        memcpy((char *)to + done, message->iov[i].base, n);
        done += n;
    }
    return (int)done;
}

static size_t
copy_out(const struct socket_message *message, const void *from, size_t size)
{
    size_t done = 0;

    for (unsigned i = 0; i < message->nr_iov && done < size; i++) {
        size_t n = MIN(size - done, (size_t)message->iov[i].len);

        memcpy(message->iov[i].base, (const char *)from + done, n);
        done += n;
    }
    return done;
}

/* Take a request; what is not understood is answered by an error message, as Linux does. */
static long
netlink_send(struct socket *socket, const struct socket_message *message, long total)
{
    struct door *door = socket->file.private;
    struct {
        struct header header;
        uint8_t family, pad[3];
    } request = {.family = 0};

    (void)copy_in(message, &request, sizeof(request));
    if ((size_t)total < sizeof(request.header) || request.header.len < sizeof(request.header) ||
        request.header.len > (size_t)total || !(request.header.flags & NLM_F_REQUEST) ||
        request.header.type < NLMSG_MIN_TYPE)
        return total; /* which Linux leaves unanswered too */
    if (door->what != NOTHING)
        return -EBUSY; /* one list at a time */
    door->request = request.header;
    door->family = request.header.len > sizeof(request.header) ? request.family : 0;
    door->index = 1;
    door->slot = 0;
    door->ip6 = door->family == LINUX_AF_INET6;
    door->error = 0;
    door->what = LAST;
    if ((request.header.flags & NLM_F_DUMP) != NLM_F_DUMP)
        door->error = -EOPNOTSUPP;
    else if (request.header.type == RTM_GETLINK)
        door->what = LINKS;
    else if (request.header.type == RTM_GETADDR)
        door->what = ADDRESSES;
    else
        door->error = -EOPNOTSUPP;
    wake_all(&socket->changed);
    return total;
}

static long
netlink_receive(struct socket *socket, struct socket_message *message, unsigned flags)
{
    struct linux_sockaddr_netlink {
        uint16_t family, pad;
        uint32_t port, groups;
    } from = {.family = LINUX_AF_NETLINK};
    struct door *door = socket->file.private, before;
    struct message reply;
    size_t copied;

    while (door->what == NOTHING) {
        int err = socket_wait(socket, FILE_POLLIN, flags & LINUX_MSG_DONTWAIT, TIME_NEVER);

        if (err)
            return err;
    }
    before = *door;
    netlink_next(door, &reply);
    if (flags & LINUX_MSG_PEEK) {
        door->what = before.what;
        door->index = before.index;
        door->slot = before.slot;
        door->ip6 = before.ip6;
    }
    copied = copy_out(message, &reply, reply.header.len);
    if (message->name) {
        memcpy(message->name, &from, MIN(message->namelen, (uint32_t)sizeof(from)));
        message->namelen = sizeof(from);
    }
    if (copied < reply.header.len)
        message->flags |= LINUX_MSG_TRUNC;
    return flags & LINUX_MSG_TRUNC ? (long)reply.header.len : (long)copied;
}

static const struct socket_other netlink_other = {netlink_send, netlink_receive};
static const struct socket_other unix_other = {NULL, NULL};

static unsigned
door_poll(struct file *file)
{
    const struct door *door = file->private;

    return FILE_POLLOUT | (door->what == NOTHING ? 0 : FILE_POLLIN);
}

static long
door_readv(struct file *file, const struct abi_iovec *parts, unsigned count)
{
    struct door *door = file->private;
    struct socket_message message = {.iov = parts, .nr_iov = count};

    return socket_receive(&door->socket, &message, 0);
}

static long
door_writev(struct file *file, const struct abi_iovec *parts, unsigned count)
{
    struct door *door = file->private;
    struct socket_message message = {.iov = parts, .nr_iov = count};

    return socket_send(&door->socket, &message, 0);
}

static int
door_ioctl(struct file *file, unsigned long request, void *argument)
{
    (void)file;
    return link_ioctl(request, argument);
}

static int
door_stat(struct file *file, struct file_stat *out)
{
    (void)file;
    *out = (struct file_stat){.mode = LINUX_S_IFSOCK | 0777, .inode = 1, .links = 1};
    return 0;
}

static void
door_close(struct file *file)
{
    kfree(file->private);
}

const struct file_ops socket_other_ops = {
    .kind = "socket",
    .readv = door_readv,
    .writev = door_writev,
    .poll = door_poll,
    .ioctl = door_ioctl,
    .stat = door_stat,
    .close = door_close,
};

int
socket_other_new(int domain, int type, int protocol, struct socket **out)
{
    const struct socket_other *other =
        domain == LINUX_AF_NETLINK ? &netlink_other : &unix_other;
    struct door *door;

    if (other == &netlink_other && type != LINUX_SOCK_RAW && type != LINUX_SOCK_DGRAM)
        return -ESOCKTNOSUPPORT;
    if (other == &netlink_other && protocol != NETLINK_ROUTE)
        return -EPROTONOSUPPORT;
    if (other == &unix_other && (type != LINUX_SOCK_DGRAM || protocol))
        return -EAFNOSUPPORT;
    door = kmalloc(sizeof(*door));
    if (!door)
        return -ENOMEM;
    *door = (struct door){
        .socket = {.domain = (uint16_t)domain, .type = (uint16_t)type, .other = other}};
    wait_queue_init(&door->socket.changed);
    door->socket.file = (struct file){.ops = &socket_other_ops,
                                      .private = door,
                                      .refs = 1,
                                      .flags = FILE_O_RDWR,
                                      .changed = &door->socket.changed};
    *out = &door->socket;
    return 0;
}
