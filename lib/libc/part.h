/*
 * "This file is part NAME": what lib/libc/needs calls it. The members of the C library that
 * need the part refer to the symbol, and so the file is linked exactly when one of them is.
 */
#ifndef LIBC_PART_H
#define LIBC_PART_H

#define PART(name)                         \
    extern const char libc_needs_##name[]; \
    const char libc_needs_##name[1] = {0}

#endif
