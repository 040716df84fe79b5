/*
 * One kind of open thing. Console, sockets, regular files, directories, pipes and event
 * counters are all a struct file with a table of operations; descriptors are numbers for
 * them, and poll, select and the rest are views of two things every file has: what is ready
 * now, and a wait queue that is woken when that may have changed.
 *
 * Errors are negative errno. Everything here is called from threads; reads and writes may
 * block unless the file or the call says O_NONBLOCK.
 */
#ifndef LIBC_FILE_H
#define LIBC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel/thread.h"
#include "lib/libc/abi.h"

/* The values are Linux's for i386, as the C library passes them. */
#define FILE_O_ACCMODE   03
#define FILE_O_RDONLY    00
#define FILE_O_WRONLY    01
#define FILE_O_RDWR      02
#define FILE_O_CREAT     0100
#define FILE_O_EXCL      0200
#define FILE_O_TRUNC     01000
#define FILE_O_APPEND    02000
#define FILE_O_NONBLOCK  04000
#define FILE_O_DIRECTORY 0200000
#define FILE_O_NOFOLLOW  0400000
#define FILE_O_CLOEXEC   02000000
#define FILE_O_PATH      010000000 /* a name for it and no more */
#define FILE_O_TMPFILE   020000000 /* without a name; beside O_DIRECTORY */

#define FILE_POLLIN     0x0001
#define FILE_POLLPRI    0x0002
#define FILE_POLLOUT    0x0004
#define FILE_POLLERR    0x0008
#define FILE_POLLHUP    0x0010
#define FILE_POLLNVAL   0x0020
#define FILE_POLLRDNORM 0x0040 /* the same as IN: file_poll sees to it */
#define FILE_POLLWRNORM 0x0100 /* the same as OUT */
#define FILE_POLLRDHUP  0x2000 /* the peer sends no more */

struct file;

struct file_time {
    int64_t sec; /* since 1970 */
    uint32_t nsec;
};

/* What stat64, fstat64 and statx are filled from. */
struct file_stat {
    uint32_t mode; /* S_IF* and permissions, Linux's values */
    uint64_t size; /* bytes */
    uint64_t inode;
    uint32_t device; /* which file system; 0: none */
    uint32_t links;
    uint32_t uid, gid;
    uint64_t blocks; /* of 512 bytes that it takes */
    struct file_time atime, mtime, ctime;
};

#define FILE_PATH_MAX 1024 /* bytes of a whole path, its NUL included */

/* What can be set of a file, and which of these are. */
#define FILE_SET_MODE  1u /* permissions */
#define FILE_SET_UID   2u
#define FILE_SET_GID   4u
#define FILE_SET_ATIME 8u
#define FILE_SET_MTIME 16u
struct file_change {
    unsigned set;
    uint32_t mode, uid, gid;
    struct file_time atime, mtime;
};

/* What only files with storage behind them can do (lib/fs). NULL is said for each. */
struct file_storage {
    /* Next directory entries as linux_dirent64 records into `to`; bytes, 0 at the end. NULL: it
     * is no directory. */
    long (*getdents)(struct file *, void *to, size_t len);
    /* The canonical path that a directory has now, for openat and fchdir. -ENOENT: it was
     * removed. NULL: it is no directory. */
    int (*path)(struct file *, char to[FILE_PATH_MAX]);
    int (*sync)(struct file *);                               /* NULL: nothing to do */
    int (*truncate)(struct file *, uint64_t size);            /* NULL: -EINVAL */
    int (*change)(struct file *, const struct file_change *); /* NULL: -EROFS */
    /* Have memory for these bytes, or (ABI_FALLOC_*) give it back. NULL: -ENODEV. */
    int (*allocate)(struct file *, unsigned mode, uint64_t at, uint64_t len);
    /* Where the next data or hole from `at` on begins; -ENXIO. NULL: -EINVAL. */
    int64_t (*find)(struct file *, uint64_t at, bool hole);
    /* The bytes of the file themselves, as whole pages in one piece, which stay where they are
     * until unmap of each page; `at` is a multiple of a page. NULL: -ENODEV. */
    int (*map)(struct file *, uint64_t at, size_t pages, void **out);
    void (*unmap)(struct file *, uint64_t at, size_t pages);
    /* The ABI_SEAL_* of a file, and more of them. NULL: -EINVAL. */
    int (*get_seals)(struct file *);
    int (*add_seals)(struct file *, unsigned seals);
};

struct file_ops {
    const char *kind; /* "socket", "tar": for messages */
    /* Bytes moved, 0 at the end of file. NULL: -EINVAL. A file that is open in one direction
     * only (O_RDONLY, O_WRONLY) is never asked for the other. */
    long (*read)(struct file *, void *to, size_t len);
    long (*write)(struct file *, const void *from, size_t len);
    /* Instead of those two, where several parts are more than one after the other: a datagram
     * is one message. */
    long (*readv)(struct file *, const struct abi_iovec *parts, unsigned count);
    long (*writev)(struct file *, const struct abi_iovec *parts, unsigned count);
    /* At a position, leaving the file's own alone. NULL: -ESPIPE, and the file cannot seek; one
     * that can has `stat`. */
    long (*pread)(struct file *, void *to, size_t len, uint64_t at);
    long (*pwrite)(struct file *, const void *from, size_t len, uint64_t at);
    /* FILE_POLL* bits true now; must not block. NULL: always readable and writable. */
    unsigned (*poll)(struct file *);
    int (*ioctl)(struct file *, unsigned long request, void *argument); /* NULL: -ENOTTY */
    int (*stat)(struct file *, struct file_stat *);
    bool nowhere; /* every position is the same to pread and pwrite; the file's own stays 0 */
    const struct file_storage *storage; /* NULL: there is none */
    /* The last reference is gone: free what is behind `private` and the file's container. */
    void (*close)(struct file *);
    const struct socket_verbs *socket; /* of sockets (lib/socket/family.h); NULL: it is none */
};

/* Embedded in the owner's own structure, or pointing to it by `private`. */
struct file {
    const struct file_ops *ops;
    void *private;
    unsigned refs;
    unsigned flags;    /* FILE_O_* status flags; O_NONBLOCK changes by fcntl */
    uint64_t position; /* of files with pread; kept by the read/write system calls */
    /* Woken whenever what poll() says may have changed. NULL: never changes. */
    struct wait_queue *changed;
    struct list watched; /* by entries of epoll; not zero: file_forget has to be called */
};

/* ---- descriptor.c ---- */

/* As RLIMIT_NOFILE tells them: descriptors are below `soft`, which is at most `hard`. */
struct fd_limits {
    uint64_t soft, hard;
};
#define FD_SOFT_LIMIT 1024  /* at the start */
#define FD_HARD_LIMIT 65536 /* at the start, and no limit can be set above it */

struct fd_limits fd_limits(void);
/* What is open above a new limit stays. -EINVAL: soft above hard; -EPERM: above FD_HARD_LIMIT. */
int fd_set_limits(struct fd_limits limits);

/* Lowest free descriptor at or above `least` for the file; takes over one reference (also
 * when it fails: then the file is closed). As fd_next. */
int fd_install(struct file *, int least, bool close_on_exec);
/* The one that fd_install would give now, for what must not be begun if nobody could name its
 * result. -EMFILE: none below the limit; -ENOMEM: no memory for it. */
int fd_next(int least);
/* The file behind a descriptor, or NULL; no reference taken (cooperative threads: take one
 * with file_hold before blocking). */
struct file *fd_get(int fd);
int fd_close(int fd);
/* Make `fd` a descriptor for the file, whatever it was; takes over the reference as fd_install
 * does. `fd`, -EBADF at or above the limit, or -ENOMEM. */
int fd_replace(int fd, struct file *, bool close_on_exec);
/* All that are open are below. */
int fd_end(void);
/* Whether exec would close it: the flag behind F_GETFD, or NULL for a bad descriptor. Valid
 * until another one is opened. */
bool *fd_close_on_exec(int fd);

/* ---- file.c ---- */

/* What write(2) does with a file that is held. Blocks. */
long file_write(struct file *, void *from, size_t len);
void file_hold(struct file *);
void file_release(struct file *);

/* ---- file_forget.c, epoll.c, in the programs that have them ---- */

/* The file is closed: whoever keeps something about it forgets that. */
__attribute__((weak)) void file_forget(struct file *);
extern const char file_forget_linked[1]; /* for those who need it to refer to */
/* Nobody watches the file any more. */
__attribute__((weak)) void epoll_forget(struct file *);

/* FILE_POLL* bits true now. */
unsigned file_poll(struct file *);
/*
 * Wait until one of `events` (FILE_POLLERR and HUP always count) is true of the file or the
 * deadline (clock_now scale) is past. The bits, -ETIMEDOUT, or -SYSCALL_RESTART (syscall.h)
 * when a signal came first: the caller returns that as it is.
 */
int file_wait(struct file *, unsigned events, uint64_t deadline);

#endif
