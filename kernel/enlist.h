/*
 * Tables that nobody edits. A driver, a bus, a system call or an initialiser puts one
 * pointer into a linker section of its own; the linker script gathers the section and gives
 * it a begin and an end. So the kernel walks what is linked into this image without naming
 * any of it, and a part that is not linked leaves no trace.
 *
 * Entries are pointers, not structures, so that no alignment padding can creep in between.
 */
#ifndef KERNEL_ENLIST_H
#define KERNEL_ENLIST_H

/* Put the address of `object` (static storage) into table `table`. File scope only. */
#define ENLIST(table, object)                          \
    static const void *const enlist_##table##_##object \
        __attribute__((used, section(".enlist." #table))) = &(object)

/*
 * Walk table `table`, whose entries point to `type`. The table must be named in linker.ld
 * (ENLISTED there), which defines the two symbols.
 */
#define ENLIST_DECLARE(table)                          \
    extern const void *const enlist_##table##_begin[]; \
    extern const void *const enlist_##table##_end[]

#define ENLIST_FOREACH(table, type, it)                                                       \
    for (const void *const *it##_at = enlist_##table##_begin; it##_at < enlist_##table##_end; \
         it##_at++)                                                                           \
        for (type *it = (type *)*it##_at, *it##_once = it; it##_once; it##_once = 0)

/*
 * "This object file needs a device of class `cls`" (net, disk, entropy). Emits an undefined
 * reference that pulls the driver's archive member into the link; the driver answers with
 * DEVICE_CLASS_DRIVER. An image without a user of the class carries no driver for it.
 */
#define DEVICE_CLASS_USED(cls)                      \
    extern const char device_class_##cls[];         \
    static const void *const device_class_use_##cls \
        __attribute__((used, section(".discard.uses"))) = device_class_##cls

#define DEVICE_CLASS_DRIVER(cls) const char device_class_##cls[1] = {0}

#endif
