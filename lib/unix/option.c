/* Options of a socket of AF_UNIX, and its requests. Sizes of buffers are accepted and kept as they
 * are. */
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lib/unix/unix.h"

/* Those of network interfaces, which any socket has, in the programs with such. */
__attribute__((weak)) int link_ioctl(unsigned long request, void *argument);

int
unix_set_option(struct file *file, int level, int name, const void *value, uint32_t len)
{
    struct unix_socket *s = file->private;
    size_t half;
    uint64_t *timeout = socket_timeout_of(name, &s->receive_timeout, &s->send_timeout, &half);

    if (level != LINUX_SOL_SOCKET)
        return -EOPNOTSUPP;
    if (timeout)
        return socket_set_timeout(timeout, value, len, half);
    if (len < sizeof(int))
        return -EINVAL;
    switch (name) {
    case LINUX_SO_PASSCRED:
        s->pass_credentials = *(const int *)value != 0;
        return 0;
    case LINUX_SO_REUSEADDR:
    case LINUX_SO_BROADCAST:
    case LINUX_SO_SNDBUF:
    case LINUX_SO_RCVBUF:
    case LINUX_SO_KEEPALIVE:
    case LINUX_SO_LINGER:
    case LINUX_SO_RCVLOWAT:
        return 0;
    default:
        return -ENOPROTOOPT;
    }
}

/* Options that are a number; false for all others. */
static bool
get_number(struct unix_socket *s, int name, int *out)
{
    switch (name) {
    case LINUX_SO_ERROR:
        *out = s->error;
        s->error = 0;
        return true;
    case LINUX_SO_TYPE:
        *out = s->type;
        return true;
    case LINUX_SO_DOMAIN:
        *out = LINUX_AF_UNIX;
        return true;
    case LINUX_SO_ACCEPTCONN:
        *out = s->state == UNIX_LISTENING;
        return true;
    case LINUX_SO_PASSCRED:
        *out = s->pass_credentials;
        return true;
    case LINUX_SO_SNDBUF:
    case LINUX_SO_RCVBUF:
        *out = UNIX_ROOM;
        return true;
    case LINUX_SO_RCVLOWAT:
        *out = 1;
        return true;
    case LINUX_SO_PROTOCOL:
    case LINUX_SO_REUSEADDR:
    case LINUX_SO_BROADCAST:
    case LINUX_SO_KEEPALIVE:
        *out = 0;
        return true;
    default:
        return false;
    }
}

int
unix_get_option(struct file *file, int level, int name, void *value, uint32_t *len)
{
    struct unix_socket *s = file->private;
    size_t half;
    uint64_t *timeout = socket_timeout_of(name, &s->receive_timeout, &s->send_timeout, &half);
    struct linux_ucred who = {0, -1, -1};
    int number;

    if (level != LINUX_SOL_SOCKET)
        return -EOPNOTSUPP;
    if (timeout)
        return socket_get_timeout(*timeout, value, len, half);
    if (get_number(s, name, &number))
        return socket_give(value, len, &number, sizeof(number));
    if (name != LINUX_SO_PEERCRED)
        return -ENOPROTOOPT;
    if (s->state != UNIX_FRESH)
        who = (struct linux_ucred){1, 0, 0};
    return socket_give(value, len, &who, sizeof(who));
}

/* Of a stream all that waits, of datagrams the first. */
static int
bytes_to_read(struct unix_socket *s)
{
    uint32_t sum = 0;

    list_foreach(link, &s->messages)
    {
        const struct unix_message *m = container_of(link, struct unix_message, link);
        sum += m->len - m->done;
        if (s->type == LINUX_SOCK_DGRAM)
            break;
    }
    return (int)sum;
}

int
unix_ioctl(struct file *file, unsigned long request, void *argument)
{
    struct unix_socket *s = file->private;

    if (request != LINUX_FIONREAD)
        return link_ioctl ? link_ioctl(request, argument) : -ENOTTY;
    if (s->state == UNIX_LISTENING)
        return -EINVAL;
    if (!argument)
        return -EFAULT;
    *(int *)argument = bytes_to_read(s);
    return 0;
}
