/* memfd_create: a file in memory without a name, made where shared memory has its names. */
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lib/fs/fs.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"

PART(memfd);

#define MFD_CLOEXEC       1u
#define MFD_ALLOW_SEALING 2u /* there are no seals: fcntl says so */
#define NAME_MAX          249

SYSCALL(356, memfd_create, const char *name, unsigned flags)
{
    struct file *file;

    if (!name)
        return -EFAULT;
    if ((flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING)) || strnlen(name, NAME_MAX + 1) > NAME_MAX)
        return -EINVAL;
    int error = fs_open("/", "/dev/shm", FILE_O_TMPFILE | FILE_O_DIRECTORY | FILE_O_RDWR, 0777, &file);
    return error ? error : fd_install(file, 0, flags & MFD_CLOEXEC);
}
