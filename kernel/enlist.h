/*
 * Tables that nobody edits. A driver, a bus, a system call or an initialiser puts one
 * pointer into a linker section that is named after the table. The linker gathers sections of
 * one name, and where the name is a C identifier it defines their begin and their end. So the
 * kernel walks what is linked into this image without naming any of it, and a part that is
 * not linked leaves no trace.
 *
 * Entries are pointers, not structures, so that no alignment padding can creep in between.
 */
#ifndef KERNEL_ENLIST_H
#define KERNEL_ENLIST_H

/* Put the address of `object` (static storage) into table `table`. File scope only. */
#define ENLIST(table, object)                          \
    static const void *const enlist_##table##_##object \
        __attribute__((used, section("enlist_" #table))) = &(object)

/* Say that a file walks table `table`. Weak: a table without entries is empty, not an error. */
#define ENLIST_DECLARE(table)                                                \
    extern const void *const __start_enlist_##table[] __attribute__((weak)); \
    extern const void *const __stop_enlist_##table[] __attribute__((weak))

/* Walk table `table`, whose entries point to `type`. */
#define ENLIST_FOREACH(table, type, it)                                                        \
    for (const void *const *it##_at = __start_enlist_##table; it##_at < __stop_enlist_##table; \
         it##_at++)                                                                            \
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
