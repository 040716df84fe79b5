/*
 * What lwIP wants to know of compiler and environment. It is compiled freestanding, with the
 * kernel's string functions.
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
