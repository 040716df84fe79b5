/*
 * The socket interface of Linux for i386, as the C library speaks it: numbers and layouts. The
 * names are Linux's with LINUX_ in front, since lwIP's headers have most of them with other
 * values.
 */
#ifndef SOCKET_LINUX_H
#define SOCKET_LINUX_H

#include <stdint.h>
#include "lib/libc/abi.h"

#define LINUX_AF_UNSPEC  0
#define LINUX_AF_UNIX    1
#define LINUX_AF_INET    2
#define LINUX_AF_INET6   10
#define LINUX_AF_NETLINK 16

#define LINUX_SOCK_STREAM    1
#define LINUX_SOCK_DGRAM     2
#define LINUX_SOCK_RAW       3
#define LINUX_SOCK_SEQPACKET 5
#define LINUX_SOCK_TYPE_MASK 0xf
#define LINUX_SOCK_NONBLOCK  04000
#define LINUX_SOCK_CLOEXEC   02000000

struct linux_sockaddr_in {
    uint16_t family;
    uint16_t port; /* network byte order, as all that follows */
    uint32_t address;
    uint8_t zero[8];
};

struct linux_sockaddr_in6 {
    uint16_t family;
    uint16_t port;
    uint32_t flowinfo;
    uint8_t address[16];
    uint32_t scope; /* host byte order: the interface's index */
};

/* What was enough before the scope was added to it (RFC 2133). */
#define LINUX_SOCKADDR_IN6_MIN 24

#define LINUX_MSG_OOB          0x1
#define LINUX_MSG_PEEK         0x2
#define LINUX_MSG_CTRUNC       0x8
#define LINUX_MSG_TRUNC        0x20
#define LINUX_MSG_DONTWAIT     0x40
#define LINUX_MSG_WAITALL      0x100
#define LINUX_MSG_EOR          0x80
#define LINUX_MSG_MORE         0x8000
#define LINUX_MSG_WAITFORONE   0x10000
#define LINUX_MSG_CMSG_CLOEXEC 0x40000000

#define LINUX_SCM_RIGHTS      1
#define LINUX_SCM_CREDENTIALS 2

struct linux_sockaddr_un {
    uint16_t family;
    char path[108]; /* a NUL at the end may be missing; an abstract name begins with one */
};

struct linux_ucred {
    int32_t process, user, group;
};

struct linux_msghdr {
    void *name;
    uint32_t namelen;
    struct abi_iovec *iov;
    uint32_t iovlen;
    void *control;
    uint32_t controllen;
    uint32_t flags;
};

struct linux_mmsghdr {
    struct linux_msghdr header;
    uint32_t len;
};

#define LINUX_SHUT_RD   0
#define LINUX_SHUT_WR   1
#define LINUX_SHUT_RDWR 2

#define LINUX_SOL_SOCKET   1
#define LINUX_IPPROTO_IP   0
#define LINUX_IPPROTO_TCP  6
#define LINUX_IPPROTO_UDP  17
#define LINUX_IPPROTO_IPV6 41

#define LINUX_SO_REUSEADDR    2
#define LINUX_SO_TYPE         3
#define LINUX_SO_ERROR        4
#define LINUX_SO_BROADCAST    6
#define LINUX_SO_SNDBUF       7
#define LINUX_SO_RCVBUF       8
#define LINUX_SO_KEEPALIVE    9
#define LINUX_SO_LINGER       13
#define LINUX_SO_REUSEPORT    15
#define LINUX_SO_PASSCRED     16
#define LINUX_SO_PEERCRED     17
#define LINUX_SO_RCVLOWAT     18
#define LINUX_SO_RCVTIMEO_OLD 20 /* struct of two 32-bit words */
#define LINUX_SO_SNDTIMEO_OLD 21
#define LINUX_SO_BINDTODEVICE 25
#define LINUX_SO_ACCEPTCONN   30
#define LINUX_SO_PROTOCOL     38
#define LINUX_SO_DOMAIN       39
#define LINUX_SO_RCVTIMEO     66 /* of two 64-bit ones */
#define LINUX_SO_SNDTIMEO     67

#define LINUX_IP_TOS            1
#define LINUX_IP_TTL            2
#define LINUX_IP_PKTINFO        8
#define LINUX_IP_MULTICAST_IF   32
#define LINUX_IP_MULTICAST_TTL  33
#define LINUX_IP_MULTICAST_LOOP 34

#define LINUX_TCP_NODELAY      1
#define LINUX_TCP_CORK         3
#define LINUX_TCP_KEEPIDLE     4
#define LINUX_TCP_KEEPINTVL    5
#define LINUX_TCP_KEEPCNT      6
#define LINUX_TCP_DEFER_ACCEPT 9
#define LINUX_TCP_INFO         11
#define LINUX_TCP_QUICKACK     12
#define LINUX_TCP_USER_TIMEOUT 18

#define LINUX_IPV6_CHECKSUM     7
#define LINUX_IPV6_UNICAST_HOPS 16
#define LINUX_IPV6_JOIN_GROUP   20
#define LINUX_IPV6_LEAVE_GROUP  21
#define LINUX_IPV6_V6ONLY       26
#define LINUX_IPV6_RECVPKTINFO  49
#define LINUX_IPV6_PKTINFO      50

#define LINUX_FIONREAD 0x541B
#define LINUX_S_IFSOCK 0140000

#endif
