/*
 * The seals that can be put on a file in memory which was made for it (memfd.c): promises about what
 * will not happen to the contents any more, which nobody can take back.
 */
#include "kernel/kernel.h"
#include "lib/fs/tmp.h"
#include "lib/libc/abi.h"

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
