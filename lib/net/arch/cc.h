/*
 * What lwIP wants to know of compiler and environment. It is compiled freestanding, with the
 * kernel's string functions; its error numbers are the kernel's and Linux's alike.
 */
#ifndef NET_ARCH_CC_H
#define NET_ARCH_CC_H

#include <stddef.h>
#include <stdint.h>
#include "kernel/kernel.h"

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_UNISTD_H   1
#define LWIP_NO_CTYPE_H    1
#define LWIP_NO_LIMITS_H   1
#define INT_MAX            2147483647

/* Only ever seen inside debug messages, which are compiled out. */
#define X8_F  "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

#define LWIP_PLATFORM_DIAG(x) \
    do {                      \
    } while (0)
#define LWIP_PLATFORM_ASSERT(text) panic("lwIP: %s (%s:%d)", text, __FILE__, __LINE__)

/*
 * lwIP's errno. One variable does for all threads: socket.c reads it right after the call, and
 * nothing that it calls switches threads in between.
 */
extern int net_errno;
#define errno net_errno

#include "kernel/errno.h"
#define EINPROGRESS     115
#define EALREADY        114
#define EHOSTUNREACH    113
#define ECONNREFUSED    111
#define ENOTCONN        107
#define EISCONN         106
#define ENOBUFS         105
#define ECONNRESET      104
#define ECONNABORTED    103
#define ENETUNREACH     101
#define EADDRNOTAVAIL   99
#define EADDRINUSE      98
#define EAFNOSUPPORT    97
#define EOPNOTSUPP      95
#define ESOCKTNOSUPPORT 94
#define EPROTONOSUPPORT 93
#define ENOPROTOOPT     92
#define EPROTOTYPE      91
#define EMSGSIZE        90
#define EDESTADDRREQ    89
#define ENOTSOCK        88
#define EDOM            33
#define ENFILE          23
#define EWOULDBLOCK     EAGAIN

/* Single instructions, where lwIP would call functions. */
#define lwip_htons(x)              __builtin_bswap16(x)
#define lwip_htonl(x)              __builtin_bswap32(x)
#define SMEMCPY(to, from, len)     __builtin_memcpy(to, from, len)
/* The sum over a run of bytes, not inverted (checksum.c). */
uint16_t net_sum_words(const void *data, int len);
#define LWIP_CHKSUM net_sum_words

uint32_t net_random(void);
#define LWIP_RAND() net_random()

#endif
