/* The messages that wait at a socket. A stream has them too: one for each piece that was sent. */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/unix/unix.h"

struct unix_message *
unix_message_new(const struct socket_message *from, size_t at, size_t len)
{
    struct unix_message *m = kmalloc(sizeof(*m) + len);

    if (!m)
        return NULL;
    *m = (struct unix_message){.len = (uint32_t)len};
    (void)socket_copy_in(from, at, m->bytes, len);
    return m;
}

void
unix_message_put(struct unix_socket *s, struct unix_message *m)
{
    list_append(&s->messages, &m->link);
    s->waiting += m->len + UNIX_OVERHEAD;
    s->count++;
    wake_all(&s->changed);
}

struct unix_message *
unix_message_first(struct unix_socket *s)
{
    return list_empty(&s->messages) ? NULL
                                    : container_of(s->messages.next, struct unix_message, link);
}

void
unix_message_free(struct unix_message *m)
{
    unix_rights_free(m->rights, m->nr_rights);
    unix_name_release(m->from);
    kfree(m);
}

void
unix_message_drop(struct unix_socket *s, struct unix_message *m)
{
    list_remove(&m->link);
    s->waiting -= m->len + UNIX_OVERHEAD;
    s->count--;
    unix_message_free(m);
}

/* What has no room even in an empty one is refused by the sender. */
bool
unix_has_room(const struct unix_socket *s, size_t len)
{
    return s->waiting == 0 || s->waiting + len + UNIX_OVERHEAD <= UNIX_ROOM;
}
