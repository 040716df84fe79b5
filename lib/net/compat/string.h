/* lwIP asks for <string.h>; the kernel's functions are what it uses of it. */
#ifndef NET_COMPAT_STRING_H
#define NET_COMPAT_STRING_H
#include "kernel/string.h"
#endif
