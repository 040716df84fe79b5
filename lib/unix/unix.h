/*
 * Sockets of AF_UNIX: between threads of the one program that there is. socket.c has a socket's
 * life and readiness, name.c its name, connect.c how two meet, io.c what goes over, message.c the
 * messages that wait, control.c what goes beside the bytes, option.c the options.
 *
 * Everything runs in threads, and nothing is told by interrupts: whoever changes a socket wakes those
 * that wait for it. A socket that closes takes itself out of all that point to it, so pointers to
 * others are looked at again after each wait.
 */
#ifndef UNIX_UNIX_H
#define UNIX_UNIX_H

#include <stdbool.h>
#include <stdint.h>
#include "kernel/list.h"
#include "kernel/thread.h"
#include "lib/libc/file.h"
#include "lib/socket/errno.h"
#include "lib/socket/family.h"

#define UNIX_NAME_MAX  108
#define UNIX_ROOM      212992 /* bytes that wait at a socket, as Linux's default buffers have */
#define UNIX_OVERHEAD  64     /* what each message counts beside its bytes */
#define UNIX_DATAGRAMS 10     /* that wait at a socket with many senders; one more is taken */
#define UNIX_RIGHTS    253    /* descriptors in one message */

/* A name, shared by those that have it and what they sent. */
struct unix_name {
    unsigned refs;
    uint32_t device; /* where the file system has a path: these two are the socket's node */
    uint64_t inode;
    uint32_t
        len; /* bytes of `path`: of a path with its NUL, of an abstract name with that in front */
    char path[UNIX_NAME_MAX + 1];
};

enum unix_state { UNIX_FRESH, UNIX_LISTENING, UNIX_CONNECTED };

struct unix_socket {
    struct file file; /* `private` is this structure */
    struct wait_queue changed;
    struct list all; /* every one that is open */
    int type;
    enum unix_state state;
    bool read_shut, write_shut, pass_credentials;
    bool accepted;            /* made by connect: it shares the name of the one that listens */
    int error;                /* a positive errno that is told once */
    uint64_t inode;           /* a number of its own, for fstat */
    struct unix_name *name;   /* NULL: none */
    struct unix_socket *peer; /* NULL: none, or gone */
    struct unix_name *peer_name; /* also of one that is gone */
    uint64_t receive_timeout, send_timeout;
    struct list messages; /* that wait to be received */
    uint32_t waiting;     /* bytes of them, overhead included */
    unsigned count;
    /* While it listens: */
    struct list pending; /* sockets that were connected to it, to be accepted */
    unsigned nr_pending, backlog;
    struct list link; /* in the pending list of one that listens */
};

/* ---- socket.c ---- */

/* A fresh one with one reference, or NULL. */
struct unix_socket *unix_new(int type);
/* Both are connected to each other from now on. */
void unix_join(struct unix_socket *a, struct unix_socket *b);
/* The next of all that are open; NULL first and last. */
struct unix_socket *unix_next(struct unix_socket *after);
/* What those that send to it wait for may have changed. */
void unix_wake_senders(struct unix_socket *);
extern const struct socket_verbs unix_verbs;

/* ---- name.c ---- */

int unix_bind(struct file *, const void *name, uint32_t len);
int unix_get_name(struct file *, bool peer, void *to, uint32_t *len);
/* The open socket of that name and type. -EINVAL, -ECONNREFUSED, -EPROTOTYPE, and the errors of
 * paths. No reference taken. */
int unix_find(int type, const void *name, uint32_t len, struct unix_socket **out);
void unix_name_put(const struct unix_name *name, void *to, uint32_t *len);
struct unix_name *unix_name_hold(struct unix_name *name);
void unix_name_release(struct unix_name *name);

/* ---- connect.c ---- */

int unix_connect(struct file *, const void *name, uint32_t len);
int unix_listen(struct file *, int backlog);
int unix_accept(struct file *, struct file **out);
int unix_shutdown(struct file *, int how);
/* The peer of one that closes hears of it, and so do those that wait to be accepted. */
void unix_part(struct unix_socket *);

/* ---- message.c ---- */

struct unix_message {
    struct list link;
    struct unix_name *from; /* NULL: of no name */
    struct file **rights;   /* with a reference each */
    unsigned nr_rights;
    uint32_t len, done; /* bytes, and those of a stream that were received */
    char bytes[];
};

/* One of these bytes of a message, from its `at` on; NULL: no memory. */
struct unix_message *unix_message_new(const struct socket_message *from, size_t at, size_t len);
/* To the end of what waits at the socket. */
void unix_message_put(struct unix_socket *, struct unix_message *);
/* The first, or NULL. */
struct unix_message *unix_message_first(struct unix_socket *);
/* Off the socket's list, and gone with all that was not taken out of it. */
void unix_message_drop(struct unix_socket *, struct unix_message *);
void unix_message_free(struct unix_message *);
/* Room for so many bytes more. */
bool unix_has_room(const struct unix_socket *, size_t len);
#define UNIX_PIECE \
    16384u /* bytes of a stream in one message at most, and those worth a wake-up */

/* ---- control.c ---- */

/* The descriptors that a message passes: *rights is from kmalloc (NULL: none), a reference each. */
int unix_control_in(const struct socket_message *, struct file ***rights, unsigned *count);
/* What comes with a message, into the receiver's. A peeked message keeps its rights. */
void unix_control_out(struct unix_socket *, struct unix_message *, struct socket_message *,
                      unsigned flags);
void unix_rights_free(struct file **rights, unsigned count);

/* ---- io.c ---- */

long unix_send(struct file *, const struct socket_message *, long total, unsigned flags);
long unix_receive(struct file *, struct socket_message *, long total, unsigned flags);
/* Another datagram would have to wait at the socket. */
bool unix_is_full(const struct unix_socket *receiver, const struct unix_socket *sender);

/* ---- option.c ---- */

int unix_set_option(struct file *, int level, int name, const void *value, uint32_t len);
int unix_get_option(struct file *, int level, int name, void *value, uint32_t *len);
int unix_ioctl(struct file *, unsigned long request, void *argument);

#endif
