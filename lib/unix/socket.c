/* A socket of AF_UNIX: how it comes and goes, and what it is ready for. */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "lib/libc/part.h"
#include "lib/unix/unix.h"

PART(unix);

#define PF_UNIX 1

static struct list all = LIST_INIT(all);

struct unix_socket *
unix_next(struct unix_socket *after)
{
    struct list *next = after ? after->all.next : all.next;

    return next == &all ? NULL : container_of(next, struct unix_socket, all);
}

void
unix_wake_senders(struct unix_socket *s)
{
    if (s->type != LINUX_SOCK_DGRAM) {
        if (s->peer)
            wake_all(&s->peer->changed);
        return;
    }
    /* Anybody may send to it, and waits at a socket of its own meanwhile. */
    for (struct unix_socket *other = unix_next(NULL); other; other = unix_next(other))
        wake_all(&other->changed);
}

void
unix_join(struct unix_socket *a, struct unix_socket *b)
{
    a->state = b->state = UNIX_CONNECTED;
    a->peer = b;
    b->peer = a;
    a->peer_name = unix_name_hold(b->name);
    b->peer_name = unix_name_hold(a->name);
}

/* ---- readiness ---- */

static bool
is_writable(const struct unix_socket *s)
{
    if (s->state == UNIX_LISTENING)
        return false;
    if (!s->peer)
        return true; /* an error comes at once */
    return unix_has_room(s->peer, UNIX_PIECE) &&
           !(s->type == LINUX_SOCK_DGRAM && unix_is_full(s->peer, s));
}

static unsigned
unix_poll(struct file *file)
{
    const struct unix_socket *s = file->private;
    bool stands = s->type == LINUX_SOCK_DGRAM || s->state != UNIX_FRESH;

    return (s->error ? FILE_POLLERR : 0) |
           ((s->read_shut && s->write_shut) || !stands ? FILE_POLLHUP : 0) |
           (s->read_shut ? FILE_POLLIN | FILE_POLLRDHUP : 0) |
           (s->count || s->nr_pending ? FILE_POLLIN : 0) | (is_writable(s) ? FILE_POLLOUT : 0);
}

static int
unix_stat(struct file *file, struct file_stat *out)
{
    const struct unix_socket *s = file->private;

    *out = (struct file_stat){.mode = LINUX_S_IFSOCK | 0777, .inode = s->inode, .links = 1};
    return 0;
}

/* ---- life ---- */

static void
unix_close(struct file *file)
{
    struct unix_socket *s = file->private;
    struct unix_message *m;

    unix_part(s);
    list_remove(&s->all);
    while ((m = unix_message_first(s)))
        unix_message_drop(s, m);
    unix_name_release(s->name);
    unix_name_release(s->peer_name);
    kfree(s);
}

static const struct file_ops operations = {
    .kind = "socket",
    .readv = socket_readv,
    .writev = socket_writev,
    .poll = unix_poll,
    .ioctl = unix_ioctl,
    .stat = unix_stat,
    .close = unix_close,
    .socket = &unix_verbs,
};

struct unix_socket *
unix_new(int type)
{
    static uint64_t last_inode;
    struct unix_socket *s = kmalloc(sizeof(*s));

    if (!s)
        return NULL;
    *s = (struct unix_socket){.type = type, .inode = ++last_inode};
    wait_queue_init(&s->changed);
    list_init(&s->messages);
    list_init(&s->pending);
    list_init(&s->link);
    list_append(&all, &s->all);
    s->file = (struct file){.ops = &operations,
                            .private = s,
                            .refs = 1,
                            .flags = FILE_O_RDWR,
                            .changed = &s->changed};
    return s;
}

/* ---- the family ---- */

const struct socket_verbs unix_verbs = {
    .bind = unix_bind,
    .connect = unix_connect,
    .listen = unix_listen,
    .accept = unix_accept,
    .shutdown = unix_shutdown,
    .name = unix_get_name,
    .set_option = unix_set_option,
    .get_option = unix_get_option,
    .send = unix_send,
    .receive = unix_receive,
};

static int
make(int type, int protocol, struct unix_socket **out)
{
    if (protocol && protocol != PF_UNIX)
        return -EPROTONOSUPPORT;
    if (type == LINUX_SOCK_RAW)
        type = LINUX_SOCK_DGRAM; /* as Linux */
    if (type != LINUX_SOCK_STREAM && type != LINUX_SOCK_DGRAM && type != LINUX_SOCK_SEQPACKET)
        return -ESOCKTNOSUPPORT;
    *out = unix_new(type);
    return *out ? 0 : -ENOMEM;
}

static int
create(int domain, int type, int protocol, struct file **out)
{
    struct unix_socket *s;
    int error = make(type, protocol, &s);

    (void)domain;
    if (!error)
        *out = &s->file;
    return error;
}

static int
create_pair(int type, int protocol, struct file *out[2])
{
    struct unix_socket *a, *b;
    int error = make(type, protocol, &a);

    if (error)
        return error;
    error = make(type, protocol, &b);
    if (error) {
        file_release(&a->file);
        return error;
    }
    unix_join(a, b);
    out[0] = &a->file;
    out[1] = &b->file;
    return 0;
}

static const struct socket_family unix_family = {LINUX_AF_UNIX, create, create_pair};
ENLIST(socket_families, unix_family);
