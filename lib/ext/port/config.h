/*
 * What libext2fs asks of the machine it is built for: what its configure script would find out.
 * There are 32 bits and musl's headers, and none of an operating system: no threads, no devices,
 * no files of the host. The functions that it calls are those of lib/ext/libc.c, by names that
 * nobody else has, since the program may have functions of the same names itself.
 */
#ifndef EXT_PORT_CONFIG_H
#define EXT_PORT_CONFIG_H

#define HAVE_SYS_TYPES_H 1
#define HAVE_SYS_STAT_H  1
#define HAVE_UNISTD_H    1
#define HAVE_ERRNO_H     1
#define OMIT_COM_ERR     1
#define NDEBUG           1

#define malloc  ext_malloc
#define calloc  ext_calloc
#define realloc ext_realloc
#define free    ext_free
#define time    ext_time
#define getenv  ext_getenv
#define strcpy  ext_strcpy
#define strcat  ext_strcat
#define strncpy ext_strncpy
#define strtoul ext_strtoul
#define abort   ext_abort

#endif
