/*
 * The enlisting tables for host programs, which are linked without the kernel's linker
 * script: sections whose names are C identifiers get their begin and end from the linker.
 */
#ifndef KERNEL_ENLIST_H
#define KERNEL_ENLIST_H

#define ENLIST(table, object)                          \
    static const void *const enlist_##table##_##object \
        __attribute__((used, section("enlist_" #table))) = &(object)

#define ENLIST_DECLARE(table)                                                \
    extern const void *const __start_enlist_##table[] __attribute__((weak)); \
    extern const void *const __stop_enlist_##table[] __attribute__((weak))

#define ENLIST_FOREACH(table, type, it)                                                        \
    for (const void *const *it##_at = __start_enlist_##table; it##_at < __stop_enlist_##table; \
         it##_at++)                                                                            \
        for (type *it = (type *)*it##_at, *it##_once = it; it##_once; it##_once = 0)

#define DEVICE_CLASS_USED(cls)                      \
    extern const char device_class_##cls[];         \
    static const void *const device_class_use_##cls \
        __attribute__((used, section(".discard.uses"))) = device_class_##cls

#define DEVICE_CLASS_DRIVER(cls) const char device_class_##cls[1] = {0}

#endif
