/*
 * What the C library asks the network's interfaces by: a socket of AF_NETLINK that lists
 * interfaces and addresses (getifaddrs, if_nameindex). The lists are in the messages of
 * Linux's rtnetlink(7). Only programs that call those functions have this file in them.
 */
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"
#include "lib/net/links.h"
#include "lib/net/netlink.h"
#include "lib/socket/errno.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"

PART(links);

enum { NETLINK_ROUTE = 0 };

/* Take a request; what is not understood is answered by an error message, as Linux does. */
static long
netlink_send(struct file *file, const struct socket_message *message, long total,
             unsigned flags)
{
    struct door *door = file->private;
    struct {
        struct header header;
        uint8_t family, pad[3];
    } request = {.family = 0};

    (void)flags;
    (void)socket_copy_in(message, 0, &request, sizeof(request));
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
    wake_all(&door->changed);
    return total;
}

static long
netlink_receive(struct file *file, struct socket_message *message, long total, unsigned flags)
{
    struct linux_sockaddr_netlink {
        uint16_t family, pad;
        uint32_t port, groups;
    } from = {.family = LINUX_AF_NETLINK};
    struct door *door = file->private, before;
    struct message reply;
    size_t copied;

    (void)total;
    while (door->what == NOTHING) {
        int error = socket_wait_for(file, FILE_POLLIN, flags & LINUX_MSG_DONTWAIT, TIME_NEVER);

        if (error)
            return error;
    }
    before = *door;
    netlink_next(door, &reply);
    if (flags & LINUX_MSG_PEEK) {
        door->what = before.what;
        door->index = before.index;
        door->slot = before.slot;
        door->ip6 = before.ip6;
    }
    copied = socket_copy_out(message, 0, &reply, reply.header.len);
    if (message->name) {
        memcpy(message->name, &from, MIN(message->namelen, (uint32_t)sizeof(from)));
        message->namelen = sizeof(from);
    }
    if (copied < reply.header.len)
        message->flags |= LINUX_MSG_TRUNC;
    return flags & LINUX_MSG_TRUNC ? (long)reply.header.len : (long)copied;
}

static unsigned
door_poll(struct file *file)
{
    const struct door *door = file->private;

    return FILE_POLLOUT | (door->what == NOTHING ? 0 : FILE_POLLIN);
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

static const struct socket_verbs verbs = {.send = netlink_send, .receive = netlink_receive};

static const struct file_ops operations = {
    .kind = "socket",
    .readv = socket_readv,
    .writev = socket_writev,
    .poll = door_poll,
    .ioctl = door_ioctl,
    .stat = door_stat,
    .close = door_close,
    .socket = &verbs,
};

static int
create(int domain, int type, int protocol, struct file **out)
{
    struct door *door;

    (void)domain;
    if (type != LINUX_SOCK_RAW && type != LINUX_SOCK_DGRAM)
        return -ESOCKTNOSUPPORT;
    if (protocol != NETLINK_ROUTE)
        return -EPROTONOSUPPORT;
    door = kmalloc(sizeof(*door));
    if (!door)
        return -ENOMEM;
    *door = (struct door){.what = NOTHING};
    wait_queue_init(&door->changed);
    door->file = (struct file){.ops = &operations,
                               .private = door,
                               .refs = 1,
                               .flags = FILE_O_RDWR,
                               .changed = &door->changed};
    *out = &door->file;
    return 0;
}

static const struct socket_family netlink_family = {LINUX_AF_NETLINK, create, NULL};
ENLIST(socket_families, netlink_family);
