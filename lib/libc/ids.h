/* Whom the program runs as (ids.c, in programs that ask or say so; root everywhere else). */
#ifndef LIBC_IDS_H
#define LIBC_IDS_H

#include <stdbool.h>
#include <stdint.h>

/* The user and group that own the files which it makes. */
__attribute__((weak)) void ids_of_files(uint32_t *uid, uint32_t *gid);
/* True as long as it acts as root. */
__attribute__((weak)) bool ids_may_all(void);

#endif
