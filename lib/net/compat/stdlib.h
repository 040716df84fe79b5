/* lwIP's netif_find() uses one function of <stdlib.h>; the image's C library has it. */
#ifndef NET_COMPAT_STDLIB_H
#define NET_COMPAT_STDLIB_H
int atoi(const char *text);
#endif
