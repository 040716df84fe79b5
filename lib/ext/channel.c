/*
 * The io_manager that libext2fs reads and writes through: a cache of blocks (cache.c). Its flush does
 * nothing, since what reaches the disk, and in which order, is journal.c's to say. And what its errors
 * are in errno.
 */
#include "kernel/string.h"
#include "lib/ext/ext.h"

struct ext_cache *ext_channel_cache;

static errcode_t
channel_open(const char *name, int flags, io_channel *out)
{
    io_channel channel = kmalloc(sizeof(*channel));

    (void)name;
    if (!channel)
        return EXT2_ET_NO_MEMORY;
    channel->magic = EXT2_ET_MAGIC_IO_CHANNEL;
    channel->manager = &ext_manager;
    channel->block_size = 1024;
    channel->refcount = 1;
    channel->flags = flags;
    channel->private_data = ext_channel_cache;
    *out = channel;
    return 0;
}

static errcode_t
channel_close(io_channel channel)
{
    if (--channel->refcount == 0)
        kfree(channel);
    return 0;
}

static errcode_t
channel_set_blksize(io_channel channel, int size)
{
    channel->block_size = size;
    return 0;
}

/* A negative count is one of bytes. */
static size_t
bytes_of(io_channel channel, int count)
{
    return count < 0 ? (size_t)-count : (size_t)count * (size_t)channel->block_size;
}

static errcode_t
channel_read64(io_channel channel, unsigned long long block, int count, void *to)
{
    return -ext_cache_read(channel->private_data, block * (unsigned)channel->block_size, to,
                           bytes_of(channel, count));
}

static errcode_t
channel_write64(io_channel channel, unsigned long long block, int count, const void *from)
{
    return -ext_cache_write(channel->private_data, block * (unsigned)channel->block_size, from,
                            bytes_of(channel, count), false);
}

static errcode_t
channel_read(io_channel channel, unsigned long block, int count, void *to)
{
    return channel_read64(channel, block, count, to);
}

static errcode_t
channel_write(io_channel channel, unsigned long block, int count, const void *from)
{
    return channel_write64(channel, block, count, from);
}

static errcode_t
channel_write_bytes(io_channel channel, unsigned long at, int count, const void *from)
{
    return -ext_cache_write(channel->private_data, at, from, (size_t)count, false);
}

static errcode_t
channel_flush(io_channel channel)
{
    (void)channel;
    return 0;
}

struct struct_io_manager ext_manager = {
    .magic = EXT2_ET_MAGIC_IO_MANAGER,
    .name = "Ringlet",
    .open = channel_open,
    .close = channel_close,
    .set_blksize = channel_set_blksize,
    .read_blk = channel_read,
    .write_blk = channel_write,
    .flush = channel_flush,
    .write_byte = channel_write_bytes,
    .read_blk64 = channel_read64,
    .write_blk64 = channel_write64,
};

/* Called for a block that was taken without a buffer, and at the end without a file system, to let go
 * of a buffer that this one does not have. libext2fs's own is in the file that makes journals. */
errcode_t
ext2fs_zero_blocks2(ext2_filsys fs, blk64_t block, int count, blk64_t *at, int *left)
{
    char *zeroes = fs ? kmalloc(fs->blocksize) : NULL;
    errcode_t error = zeroes || !fs ? 0 : EXT2_ET_NO_MEMORY;

    (void)at, (void)left;
    for (int i = 0; !error && i < count; i++)
        error = io_channel_write_blk64(fs->io, block + (unsigned)i, 1, zeroes);
    kfree(zeroes);
    return error;
}

int
ext_error(errcode_t error)
{
    if (error > 0 && error < EXT2_ET_BASE)
        return (int)-error;
    switch (error) {
    case 0:
        return 0;
    case EXT2_ET_BLOCK_ALLOC_FAIL:
    case EXT2_ET_INODE_ALLOC_FAIL:
    case EXT2_ET_DIR_NO_SPACE:
        return -ENOSPC;
    case EXT2_ET_NO_MEMORY:
        return -ENOMEM;
    case EXT2_ET_FILE_NOT_FOUND:
        return -ENOENT;
    case EXT2_ET_NO_DIRECTORY:
        return -ENOTDIR;
    case EXT2_ET_FILE_TOO_BIG:
        return -EFBIG;
    case EXT2_ET_RO_FILSYS:
        return -EROFS;
    default:
        return -EIO; /* it is damaged, or says what nobody understands */
    }
}
