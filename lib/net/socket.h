/*
 * A socket as a struct file (lib/libc/file.h) on lwIP's raw API: socket.c has its life and its
 * waiting, stream.c the connections of TCP, listener.c how they come in and stream_io.c their data,
 * datagram.c UDP and raw sockets, option*.c options, name.c and address.c addresses. family.c makes
 * the verbs of lib/socket of it all. Lengths and addresses are the application's, in Linux's
 * layouts (linux.h).
 *
 * lwIP knows a connection as a "pcb", which the socket owns. What happens to it lwIP tells by calling
 * functions of stream.c and datagram.c; these note it in the socket and wake who waits. A pcb of TCP
 * may go by itself, and then the socket's pointer is NULL.
 *
 * Errors are negative errno. Functions that block say so; they may return -SYSCALL_RESTART.
 */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/libc/file.h"
#include "lib/socket/errno.h"
#include "lib/socket/family.h"
#include "lwip/err.h"
#include "lwip/ip_addr.h"

struct pbuf;
struct tcp_pcb;

enum socket_state {
    SOCKET_FRESH,
    SOCKET_LISTENING,
    SOCKET_ROUTELESS,  /* of TCP: connects as soon as there is a route (pending.c) */
    SOCKET_CONNECTING, /* of TCP */
    SOCKET_CONNECTED, /* also of UDP and raw sockets with a peer, and of what was connected once */
    SOCKET_FAILED,    /* TCP's connect came to nothing */
    SOCKET_LINGERING, /* closed, with data that the peer has not acknowledged */
};

/* What a stream received and nobody read: packet buffers in a row, first to last. */
struct socket_received {
    struct pbuf *first, *last;
    uint32_t bytes;
    uint32_t pieces;
};

/* Datagrams that nobody read, the oldest first. */
struct socket_datagrams {
    struct list list;
    uint32_t bytes, count;
};

/* Connections of a listener that nobody accepted, the oldest first. */
struct socket_backlog {
    struct list list;
    uint32_t count;
};

struct socket {
    struct file file;
    struct wait_queue changed;
    struct list link; /* of all sockets */
    union {
        struct ip_pcb *ip; /* what the others begin with */
        struct tcp_pcb *tcp;
        struct udp_pcb *udp;
        struct raw_pcb *raw;
    } pcb;
    uint16_t domain, type, protocol;
    uint16_t peer_port; /* of the connection that waits for a route */
    ip_addr_t peer;
    enum socket_state state;
    int error;  /* that nobody has been told, a positive errno; told once */
    bool ended; /* of TCP: the peer sends no more */
    bool read_shut, write_shut;
    bool starved; /* of TCP: a send found no memory, and lwIP has moved nothing since */
    bool full;    /* of TCP: somebody was told that there is no room, and is to be woken */
    bool nodelay; /* asked for while listening: for the connections accepted */
    bool no_quickack;
    bool only_ip6;
    bool packet_info4, packet_info6; /* received datagrams tell where they were sent to */
    uint8_t defer_accept;            /* option_tcp.c */
    int linger;                      /* seconds, negative: close does not wait */
    int receive_buffer;              /* bytes of datagrams */
    int receive_least;               /* SO_RCVLOWAT: bytes, 0: not set, one */
    uint64_t receive_timeout, send_timeout; /* ns, 0: none */
    bool waits_for_route;                   /* is in the list of pending.c, by */
    struct list waiting;                    /* which is a listener's, before it is accepted */
    union {
        struct socket_received received;
        struct socket_datagrams datagrams;
        struct socket_backlog backlog;
    };
};

static inline struct socket *
socket_of(const struct file *file)
{
    return file->private;
}

/* ---- family.c ---- */

extern const struct socket_verbs socket_verbs;

/* ---- socket.c ---- */

/* One reference, and no pcb; NULL: not enough memory. */
struct socket *socket_alloc(int domain, int type, int protocol);
/* The end of one without a pcb. */
void socket_free(struct socket *);
/* One reference, flags FILE_O_RDWR. */
int socket_new(int domain, int type, int protocol, struct file **out);
/* All of them: NULL first. */
struct socket *socket_next(const struct socket *after);
/* The pending error as a positive errno, 0 if none, which is then forgotten. */
int socket_error(struct socket *);
/* An answer of lwIP's: 0 or a negative errno. */
int socket_errno(err_t);
int socket_ioctl(struct file *, unsigned long request, void *argument);

/*
 * Wait until a thing may work that did not: for `events`, up to *deadline. -EAGAIN at once if
 * the socket or the call (`dontwait`) is non-blocking, or when time is up.
 */
int socket_wait(struct socket *, unsigned events, bool dontwait, uint64_t deadline);
/*
 * After a datagram found no route (`error`): wait while a card of the family may still get its
 * address, up to `deadline`. 0: try again; -EAGAIN: if the socket or the call is non-blocking, and
 * then there is no POLLOUT until it is worth trying; else `error`, or -SYSCALL_RESTART.
 */
int socket_wait_route(struct socket *, bool ip6, bool dontwait, uint64_t deadline, int error);

/* ---- stream.c ---- */

/* A pcb of TCP for a new socket. -ENOMEM. */
int stream_open(struct socket *);
/* The end of the pcb; blocks for as long as the socket is to linger. */
void stream_close(struct socket *);
unsigned stream_poll(struct socket *);
/* The pcb is the socket's; it tells the socket nothing any more, and is returned. Inside. */
void stream_attach(struct socket *, struct tcp_pcb *);
struct tcp_pcb *stream_detach(struct socket *);
/* Block until connected. */
int stream_connect(struct socket *, const ip_addr_t *peer, uint16_t port);
int socket_shutdown(struct file *, int how);
/* All connections: send what was written, then the end. */
void socket_end_all(void);
/* The configuration changed, or is over, since socket_await_route. */
void socket_route_changed(struct socket *);

/* ---- listener.c ---- */

int socket_listen(struct file *, int backlog);
/* Block until there is a connection. */
int socket_accept(struct file *, struct file **out);
unsigned listener_poll(const struct socket *);
/* It listens no more; what nobody accepted is reset. Inside. */
void listener_end(struct socket *);

/* ---- stream_io.c ---- */

/* Bytes that a stream may take to send now, 0: later. It has a pcb that is connected. */
size_t stream_room(const struct socket *);
/* Bytes that make a stream readable: SO_RCVLOWAT, but no more than its window lets come. */
uint32_t stream_receive_least(const struct socket *);
/* What lwIP received, which is the socket's then. False: it holds as much as it may. */
bool stream_take_in(struct socket *, struct pbuf *);
/* Drop all that was received. */
void stream_drop_all(struct socket *);
long stream_send(struct socket *, const struct socket_message *, long total, unsigned flags);
long stream_receive(struct socket *, struct socket_message *, long total, unsigned flags);

/* ---- datagram.c ---- */

struct socket_datagram {
    struct list link;
    struct pbuf *packet; /* a raw socket's begins with the IP header */
    ip_addr_t from, to;
    uint16_t port;
    uint8_t index; /* of the interface */
};

/* A pcb of UDP, or a raw one. -ENOMEM. */
int datagram_open(struct socket *);
void datagram_close(struct socket *);
/* NULL: no peer any more. */
int datagram_connect(struct socket *, const ip_addr_t *peer, uint16_t port);
long datagram_send(struct socket *, const struct socket_message *, long total, unsigned flags);
long datagram_receive(struct socket *, struct socket_message *, long total, unsigned flags);
/* For the connected UDP socket of these two ends, if there is one: nobody listens there. Inside
 * lwIP (core.h). Ports in host byte order. */
void socket_refused(uint16_t port, const ip_addr_t *peer, uint16_t peer_port);

/* ---- pending.c ---- */

/* Have socket_route_changed() called when a card of the family may have a route. False: none will
 * come. */
bool socket_await_route(struct socket *, bool ip6);
/* Not any more, if it was. */
void socket_await_no_route(struct socket *);

/* ---- name.c ---- */

int socket_bind(struct file *, const void *address, uint32_t len);
/* The name of one side into the application's memory, as much as there is room for. */
int socket_name(struct file *, bool peer, void *to, uint32_t *len);

/* ---- option.c ---- */

int socket_set_option(struct file *, int level, int name, const void *value, uint32_t len);
int socket_get_option(struct file *, int level, int name, void *value, uint32_t *len);
/* An accepted socket has the options of the listening one. */
void socket_inherit(struct socket *, const struct socket *listening);

/* ---- option_place.c ---- */

/* -ENOPROTOOPT: none that it knows. */
int socket_set_place_option(struct socket *, int level, int name, const void *value,
                            uint32_t len);
int socket_get_place_option(struct socket *, int level, int name, void *value, uint32_t *len);

/* ---- option_tcp.c ---- */

/* Of level TCP. -ENOPROTOOPT: none that it knows. */
int socket_set_tcp_option(struct socket *, int name, const void *value, uint32_t len);
int socket_get_tcp_option(struct socket *, int name, void *value, uint32_t *len);

/* ---- multicast.c ---- */

/* Join or leave a group of IPv6: Linux's struct ipv6_mreq. */
int multicast_change(struct socket *, bool join, const void *request, uint32_t len);
/* The socket leaves all. Inside. */
void multicast_leave_all(const struct socket *);

/* ---- address.c ---- */

struct socket_address {
    uint16_t family; /* LINUX_AF_*, as it was given */
    uint16_t port;   /* host byte order */
    ip_addr_t ip;    /* of IPv4 also where it came as ::ffff:a.b.c.d */
};

/*
 * Linux's address of `len` bytes. -EINVAL: too short for its family; -EAFNOSUPPORT: not IPv4 or IPv6
 * (AF_UNSPEC is let through, for connect).
 */
int socket_address_in(const void *address, uint32_t len, struct socket_address *out);
/* The address of no host, as a destination, is this one: every system takes it so. */
void socket_address_destination(struct socket_address *);
/* Linux's address of a socket of that domain: as much of it as *len has room for, and the whole
 * length in *len. */
void socket_address_out(const ip_addr_t *, uint16_t port, int domain, void *to, uint32_t *len);

#endif
