/*
 * Files in memory without a name (memfd_create), and the seals that can be put on them: promises
 * about what will not happen to the contents any more, which nobody can take back.
 */
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lib/fs/calls.h"
#include "lib/fs/tmp.h"
#include "lib/libc/syscall.h"

#define MFD_CLOEXEC       1u
#define MFD_ALLOW_SEALING 2u
#define MFD_NOEXEC_SEAL   8u
#define MFD_EXEC          16u
#define NAME_MAX          249 /* bytes, which nobody ever sees */

const char fs_memfd_linked[1];

int
tmp_get_seals(struct file *file)
{
    const struct tmp_node *node = tmp_node_of(file);

    return (int)(node->may_seal ? node->seals : node->seals | ABI_SEAL_SEAL);
}

int
tmp_add_seals(struct file *file, unsigned seals)
{
    struct tmp_node *node = tmp_node_of(file);

    if ((file->flags & FILE_O_ACCMODE) == FILE_O_RDONLY)
        return -EPERM;
    if (seals & ~ABI_SEAL_ALL)
        return -EINVAL;
    if (!node->may_seal || (node->seals & ABI_SEAL_SEAL))
        return -EPERM;
    if ((seals & ~node->seals & ABI_SEAL_WRITE) && tmp_data_is_mapped(&node->data))
        return -EBUSY;
    node->seals |= (uint8_t)seals;
    return 0;
}

int
tmp_may_write(const struct tmp_node *node, uint64_t at, size_t len)
{
    if (node->seals & (ABI_SEAL_WRITE | ABI_SEAL_FUTURE_WRITE))
        return -EPERM;
    return (node->seals & ABI_SEAL_GROW) && at + len > node->data.size ? -EPERM : 0;
}

int
tmp_may_resize(const struct tmp_node *node, uint64_t size)
{
    if (size == node->data.size)
        return 0;
    unsigned seal = size < node->data.size ? ABI_SEAL_SHRINK : ABI_SEAL_GROW;
    return node->seals & seal ? -EPERM : 0;
}

SYSCALL(356, memfd_create, const char *name, unsigned flags)
{
    static struct tmpfs without_names;
    struct file *file;

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
