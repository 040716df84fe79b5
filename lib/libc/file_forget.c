/*
 * What is kept about an open file elsewhere, by epoll and by locks, goes with it. Linked with either
 * of the two.
 */
#include "lib/libc/file.h"
#include "lib/libc/locks.h"

const char file_forget_linked[1];

void
file_forget(struct file *file)
{
    if (epoll_forget)
        epoll_forget(file);
    if (locks_forget)
        locks_forget(file);
}
