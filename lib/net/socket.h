/*
 * A socket as a struct file (lib/libc/file.h): socket.c has its life and its waiting, io.c
 * moves data, option.c translates options, address.c addresses, family.c makes the verbs of
 * lib/socket of it all. Lengths and addresses are the application's, in Linux's layouts (linux.h).
 *
 * Errors are negative errno. Functions that block say so; they may return -SYSCALL_RESTART.
 */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/libc/file.h"
#include "lib/socket/family.h"
#include "lwip/sockets.h"

enum socket_state {
    SOCKET_FRESH,
    SOCKET_LISTENING,
    SOCKET_ROUTELESS,  /* of TCP: connects as soon as there is a route (pending.c) */
    SOCKET_CONNECTING, /* of TCP */
    SOCKET_CONNECTED,  /* also of UDP and raw sockets with a peer */
    SOCKET_FAILED,     /* TCP's connect came to nothing */
};

union socket_address {
    struct sockaddr any;
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
};

struct socket {
    struct file file;
    struct wait_queue changed;
    int number; /* lwIP's */
    uint16_t domain, type, protocol;
    enum socket_state state;
    bool read_shut; /* the end was read, or shutdown: reads return 0 at once */
    bool write_shut;
    bool refused; /* of UDP: nobody listens at the peer's port; told once */
    bool nodelay; /* asked for while listening: for the connections accepted */
    bool no_quickack;
    bool packet_info4, packet_info6; /* received datagrams tell where they were sent to */
    uint8_t defer_accept;            /* option_tcp.c */
    int receive_least;               /* SO_RCVLOWAT: bytes, 0: not set, one */
    uint64_t receive_timeout, send_timeout; /* ns, 0: none */
    bool waits_for_route;                   /* is in the list of pending.c, by */
    struct list waiting;
    union socket_address target; /* of the connection that waits, */
    socklen_t target_len;
    int route_error; /* and what it came to, a positive errno; told once */
};

/* ---- family.c ---- */

extern const struct socket_verbs socket_verbs;

/* ---- socket.c ---- */

/* One reference; the file's flags are those of `flags` (FILE_O_NONBLOCK). */
int socket_new(int domain, int type, int protocol, struct socket **out);
/* Block until connected. */
int socket_connect(struct socket *, const void *address, uint32_t len);
int socket_listen(struct socket *, int backlog);
/* Block until there is a connection. */
int socket_accept(struct socket *, struct socket **out);
int socket_shutdown(struct socket *, int how);
/* All connections: send what was written, then the end. */
void socket_end_all(void);
/* The pending error as a positive errno, 0 if none, which is then forgotten; in the words
 * that Linux has for what happened to this socket. */
int socket_error(struct socket *);
/* For the connected UDP socket of these two ends, if there is one: nobody listens there. Inside
 * lwIP (core.h). Ports in host byte order. */
void socket_refused(u16_t port, const ip_addr_t *peer, u16_t peer_port);

/*
 * Wait until a thing may work that did not: for `events`, up to *deadline. -EAGAIN at once if
 * the socket or the call (`dontwait`) is non-blocking, or when time is up.
 */
int socket_wait(struct socket *, unsigned events, bool dontwait, uint64_t deadline);
/* lwIP's errno after a call that failed, negated. */
int socket_failure(void);

/*
 * After a datagram found no route (`error`): wait while a card of the family may still get its
 * address, up to `deadline`. 0: try again; -EAGAIN: if the socket or the call is non-blocking, and
 * then there is no POLLOUT until it is worth trying; else `error`, or -SYSCALL_RESTART.
 */
int socket_wait_route(struct socket *, bool ip6, bool dontwait, uint64_t deadline, int error);
/* The configuration changed, or is over, since socket_await_route. */
void socket_route_changed(struct socket *);

/* lwIP's own view of it: connection and event counters. */
struct lwip_sock *socket_inner(const struct socket *);

/* ---- socket_table.c ---- */

/* Room for one more, before lwIP is asked for it. 0, -ENOMEM, or -ENFILE. */
int socket_make_room(void);
void socket_enter(struct socket *);
/* lwIP may keep the number: net_sockets_open counts it until it is free. */
void socket_leave(const struct socket *);
/* Of a number that lwIP gave out: its socket, or NULL. */
struct socket *socket_by_number(int number);
/* All of them: NULL first. */
struct socket *socket_next(const struct socket *after);

/* ---- arch/sockets.h ---- */

/* This is lwIP's table of sockets now: the old one's contents, and zeros. */
void net_lwip_sockets(void *table);

/* ---- pending.c ---- */

/* Have socket_route_changed() called when a card of the family may have a route. False: none will
 * come. */
bool socket_await_route(struct socket *, bool ip6);
/* Not any more, if it was. */
void socket_await_no_route(struct socket *);

/* ---- name.c ---- */

int socket_bind(struct socket *, const void *address, uint32_t len);
/* The name of one side into the application's memory, as much as there is room for; nothing
 * wanted is no error. */
int socket_get_name(struct socket *, bool peer, void *to, uint32_t *len);

/* ---- io.c ---- */

/* Bytes that make a stream readable: SO_RCVLOWAT, but no more than its window lets come. */
unsigned socket_receive_least(const struct socket *);
/* Whether so many are there, or none will follow. */
bool socket_has_least(const struct socket *);
/* Bytes that a stream may take to send now, whole segments as a rule, 0: later. */
size_t socket_send_room(const struct socket *);
/* The verbs of family.h. */
long socket_send(struct file *, const struct socket_message *, long total, unsigned flags);
long socket_receive(struct file *, struct socket_message *, long total, unsigned flags);

/* ---- option.c ---- */

int socket_set_option(struct socket *, int level, int name, const void *value, uint32_t len);
int socket_get_option(struct socket *, int level, int name, void *value, uint32_t *len);
int socket_ioctl(struct file *, unsigned long request, void *argument);
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
/* Of a stream: small segments wait for more, or no more. */
void socket_hold(struct socket *, bool on);
/* Send what waits for more. */
void socket_flush(struct socket *);

/* ---- address.c ---- */

/*
 * Linux's address of `len` bytes as lwIP's. -EINVAL: too short for its family;
 * -EAFNOSUPPORT: not IPv4 or IPv6 (AF_UNSPEC is let through, for connect). *out is set, and
 * *out_len its length for lwIP.
 */
int socket_address_in(const void *address, uint32_t len, union socket_address *out,
                      socklen_t *out_len);
/* Whether it is one of IPv6 in earnest, and not an IPv4 address in its clothes. */
bool socket_address_is_ip6(const union socket_address *address);
/* The address of no host, as a destination, is this one: every system takes it so. */
void socket_address_destination(union socket_address *address);
/* lwIP's as Linux's: as much of it as *len has room for, and the whole length in *len. */
void socket_address_out(const union socket_address *from, void *to, uint32_t *len);

#endif
