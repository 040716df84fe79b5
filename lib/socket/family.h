/*
 * Sockets of whatever family, as the system calls see them: a struct file (lib/libc/file.h) whose
 * operations name a table of verbs, made by a family that has enlisted itself. lib/net has those
 * of the internet and netlink, lib/unix the one inside the machine.
 *
 * Errors are negative errno; -SYSCALL_RESTART may be one where a verb blocks. Addresses and
 * control messages are the application's, in Linux's layouts (linux.h); those given are not NULL.
 */
#ifndef SOCKET_FAMILY_H
#define SOCKET_FAMILY_H

#include <stdbool.h>
#include <stdint.h>
#include "kernel/enlist.h"
#include "lib/libc/file.h"
#include "lib/socket/linux.h"

struct socket_message {
    const struct abi_iovec *iov;
    unsigned nr_iov;
    void *name; /* NULL: none */
    uint32_t namelen;
    unsigned flags; /* out: LINUX_MSG_TRUNC, LINUX_MSG_CTRUNC */
    void *control;  /* control messages: NULL none */
    uint32_t control_room;
    uint32_t control_len; /* out: bytes of those received */
};

/* NULL: -EOPNOTSUPP. */
struct socket_verbs {
    int (*bind)(struct file *, const void *name, uint32_t len);
    int (*connect)(struct file *, const void *name, uint32_t len); /* blocks */
    int (*listen)(struct file *, int backlog);
    int (*accept)(struct file *, struct file **out); /* blocks; one reference */
    int (*shutdown)(struct file *, int how);
    /* The name of one side: as much as *len has room for, and the whole length in *len. */
    int (*name)(struct file *, bool peer, void *to, uint32_t *len);
    int (*set_option)(struct file *, int level, int name, const void *value, uint32_t len);
    int (*get_option)(struct file *, int level, int name, void *value, uint32_t *len);
    /* Bytes; `total` are the message's. `flags` are LINUX_MSG_*. Both block. */
    long (*send)(struct file *, const struct socket_message *, long total, unsigned flags);
    long (*receive)(struct file *, struct socket_message *, long total, unsigned flags);
};

struct socket_family {
    int domain;
    /* One reference, flags FILE_O_RDWR. */
    int (*create)(int domain, int type, int protocol, struct file **out);
    int (*pair)(int type, int protocol, struct file *out[2]); /* NULL: -EOPNOTSUPP */
};

/* ENLIST(socket_families, ...) */

/* The readv and writev of every socket. */
long socket_readv(struct file *, const struct abi_iovec *parts, unsigned count);
long socket_writev(struct file *, const struct abi_iovec *parts, unsigned count);
/* Both ways of a call with a message: they count it, and know what no family has. */
long socket_send_message(struct file *, const struct socket_message *, unsigned flags);
long socket_receive_message(struct file *, struct socket_message *, unsigned flags);

/* ---- message.c ---- */

/* `len` bytes between the parts of a message, from its byte `at` on, and memory. Bytes moved, which
 * are fewer where the parts end. */
size_t socket_copy_in(const struct socket_message *, size_t at, void *to, size_t len);
size_t socket_copy_out(const struct socket_message *, size_t at, const void *from, size_t len);
/* Append a control message; what there is no room for is cut and sets LINUX_MSG_CTRUNC. */
void socket_put_control(struct socket_message *, int level, int type, const void *value,
                        uint32_t size);

/* As much of a value of `size` bytes as *len has room for, as Linux does. 0. */
int socket_give(void *to, uint32_t *len, const void *from, size_t size);

/* Of the four names of time-outs: the time-out meant, or NULL, and the size of half its value. */
uint64_t *socket_timeout_of(int name, uint64_t *receive, uint64_t *send, size_t *half);
int socket_set_timeout(uint64_t *timeout, const void *value, uint32_t len, size_t half);
int socket_get_timeout(uint64_t timeout, void *value, uint32_t *len, size_t half);
/* clock_now() scale; a time-out of 0 is none. */
uint64_t socket_deadline(uint64_t timeout);
/*
 * Wait until a thing may work that did not: for `events`, up to the deadline. -EAGAIN at once if
 * the file or the call (`dontwait`) is non-blocking, or when time is up.
 */
int socket_wait_for(struct file *, unsigned events, bool dontwait, uint64_t deadline);

struct socket_cmsg { /* cmsg(3) */
    uint32_t len;    /* with this header */
    int32_t level, type;
};
#define SOCKET_CMSG_ALIGNED(len) (((len) + 3) & ~3u)

#endif
