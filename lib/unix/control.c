/*
 * What goes beside the bytes: descriptors (SCM_RIGHTS), and who sent it (SCM_CREDENTIALS), which is
 * always the one process that there is.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/unix/unix.h"

void
unix_rights_free(struct file **rights, unsigned count)
{
    if (!rights)
        return;
    for (unsigned i = 0; i < count; i++)
        file_release(rights[i]);
    kfree(rights);
}

/* The files behind the descriptors of one control message. */
static int
take_rights(const char *from, uint32_t size, struct file ***rights, unsigned *count)
{
    unsigned nr = size / sizeof(int32_t);
    int32_t fd;

    if (!nr)
        return 0;
    if (*rights)
        return -EINVAL; /* one list */
    if (nr > UNIX_RIGHTS)
        return -EINVAL;
    *rights = kmalloc(nr * sizeof(**rights));
    if (!*rights)
        return -ENOMEM;
    for (*count = 0; *count < nr; ++*count) {
        memcpy(&fd, from + *count * sizeof(fd), sizeof(fd));
        struct file *file = fd_get(fd);
        if (!file)
            return -EBADF;
        file_hold(file);
        (*rights)[*count] = file;
    }
    return 0;
}

static int
take(const struct socket_cmsg *head, const char *value, struct file ***rights, unsigned *count)
{
    uint32_t size = head->len - sizeof(*head);
    struct linux_ucred who;

    if (head->level != LINUX_SOL_SOCKET)
        return 0;
    if (head->type == LINUX_SCM_RIGHTS)
        return take_rights(value, size, rights, count);
    if (head->type != LINUX_SCM_CREDENTIALS || size != sizeof(who))
        return -EINVAL;
    memcpy(&who, value, sizeof(who));
    return who.process == 1 ? 0 : -ESRCH;
}

int
unix_control_in(const struct socket_message *message, struct file ***rights, unsigned *count)
{
    uint32_t at = 0, room = message->control ? message->control_room : 0;
    struct socket_cmsg head;
    int error = 0;

    *rights = NULL;
    *count = 0;
    while (!error && room - at >= sizeof(head)) {
        const char *from = (const char *)message->control + at;

        memcpy(&head, from, sizeof(head));
        if (head.len < sizeof(head) || head.len > room - at)
            error = -EINVAL;
        else
            error = take(&head, from + sizeof(head), rights, count);
        at += MIN(SOCKET_CMSG_ALIGNED(head.len), room - at);
    }
    if (error)
        unix_rights_free(*rights, *count);
    return error;
}

/* As many as there is room and a number for; the others are closed. */
static void
give_rights(struct unix_message *m, struct socket_message *message, unsigned flags)
{
    struct socket_cmsg head;
    uint32_t room = message->control_room - message->control_len;
    unsigned fit =
        message->control && room > sizeof(head) ? (room - sizeof(head)) / sizeof(int32_t) : 0;
    int32_t fds[UNIX_RIGHTS];
    unsigned given = 0;

    for (; given < MIN(fit, m->nr_rights); given++) {
        file_hold(m->rights[given]);
        fds[given] = fd_install(m->rights[given], 0, flags & LINUX_MSG_CMSG_CLOEXEC);
        if (fds[given] < 0)
            break;
    }
    if (given)
        socket_put_control(message, LINUX_SOL_SOCKET, LINUX_SCM_RIGHTS, fds,
                           given * (uint32_t)sizeof(*fds));
    if (given < m->nr_rights)
        message->flags |= LINUX_MSG_CTRUNC;
}

void
unix_control_out(struct unix_socket *s, struct unix_message *m, struct socket_message *message,
                 unsigned flags)
{
    struct linux_ucred who = {1, 0, 0};

    if (s->pass_credentials && !message->control_len)
        socket_put_control(message, LINUX_SOL_SOCKET, LINUX_SCM_CREDENTIALS, &who, sizeof(who));
    if (!m->rights)
        return;
    give_rights(m, message, flags);
    if (flags & LINUX_MSG_PEEK)
        return;
    unix_rights_free(m->rights, m->nr_rights);
    m->rights = NULL;
    m->nr_rights = 0;
}
