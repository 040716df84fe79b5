/*
 * memfd_create: a file in memory without a name, on no mount, which can be sealed if it was made for
 * that (tmp_seal.c).
 */
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lib/fs/tmp.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"

PART(memfd);

#define MFD_CLOEXEC       1u
#define MFD_ALLOW_SEALING 2u
#define MFD_NOEXEC_SEAL   8u
#define MFD_EXEC          16u
#define NAME_MAX          249 /* bytes, which nobody ever sees */

SYSCALL(356, memfd_create, const char *name, unsigned flags)
{
    static struct tmpfs without_names;
    struct file *file;

    if (!name)
        return -EFAULT;
    if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC))
        return -EINVAL;
    if (strnlen(name, NAME_MAX + 1) > NAME_MAX)
        return -EINVAL;
    int error = MIN(fd_next(0), 0);
    if (error)
        return error;
    struct tmp_node *node =
        tmp_node_new(&without_names, FS_S_IFREG | (flags & MFD_NOEXEC_SEAL ? 0666 : 0777));
    if (!node)
        return -ENOMEM;
    node->may_seal = flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    error = tmp_open_node(node, FILE_O_RDWR, &file);
    if (error) {
        tmp_node_drop(node);
        return error;
    }
    return fd_install(file, 0, flags & MFD_CLOEXEC);
}
