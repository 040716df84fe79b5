/* The program's own descriptors by name: /dev/stdin, /dev/stdout, /dev/stderr and /dev/fd/N. */
#ifndef FS_DEV_FD_H
#define FS_DEV_FD_H

#include "lib/libc/file.h"

/* The descriptor that a path below /dev names, open or not; -1: it names none. */
int dev_fd_of(const char *path);
/*
 * What dup(2) does, since nobody but its owner could open a pipe or a socket anew; so a regular file
 * has one position by both descriptors, where Linux makes a second one. -ENOENT: the descriptor is not
 * open; -EACCES: it is not for what `flags` want.
 */
int dev_fd_open(int fd, unsigned flags, struct file **out);
/* Of the file behind it. -ENOENT. */
int dev_fd_stat(int fd, struct file_stat *out);
/* The entries of /dev/fd: the numbers of what is open. */
long dev_fd_getdents(struct file *, void *to, size_t size);

#endif
