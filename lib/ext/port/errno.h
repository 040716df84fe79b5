/* libext2fs's errors of this kind are the kernel's. */
#include "kernel/errno.h"
