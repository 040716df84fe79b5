/*
 * The one call of lib/libc/file.h that file systems make: dropping a reference to an open file.
 */
#include "lib/libc/file.h"

void
file_release(struct file *file)
{
    if (--file->refs == 0)
        file->ops->close(file);
}
