/*
 * The loader's modules, before anything relies on them. QEMU puts an initrd behind the image
 * without asking whether the machine has that much memory, and no loader's word need be true: a
 * module that does not lie in RAM, or lies over the image, is left out with a line that says
 * so.
 */
#include "kernel/boot_info.h"
#include "kernel/cpu.h"
#include "kernel/kernel.h"

static bool
overlaps(const struct boot_module *m, uint64_t base, uint64_t end)
{
    return m->base < end && m->base + m->size > base;
}

static bool
is_reserved(const struct boot_module *m)
{
    if (overlaps(m, (uintptr_t)image_start, (uintptr_t)image_end))
        return true;
    for (unsigned i = 0; i < boot_info.nr_ranges; i++) {
        const struct boot_range *r = &boot_info.ranges[i];
        if (r->type != BOOT_MEM_USABLE && overlaps(m, r->base, r->base + r->size))
            return true;
    }
    return false;
}

/* The end of a usable range that holds the byte at `at`; `at` itself if none does. */
static uint64_t
usable_end(uint64_t at)
{
    for (unsigned i = 0; i < boot_info.nr_ranges; i++) {
        const struct boot_range *r = &boot_info.ranges[i];
        if (r->type == BOOT_MEM_USABLE && r->base <= at && at < r->base + r->size)
            return r->base + r->size;
    }
    return at;
}

/* It may reach over ranges that touch; each step leaves one behind for good. */
static bool
is_in_ram(const struct boot_module *m)
{
    uint64_t at = m->base, end = at + m->size;

    if (end > UINT32_MAX)
        return false; /* out of reach */
    while (at < end) {
        uint64_t next = usable_end(at);
        if (next == at)
            return false;
        at = next;
    }
    return true;
}

void
modules_check(void)
{
    for (unsigned i = 0; i < boot_info.nr_modules; i++) {
        struct boot_module *m = &boot_info.modules[i];
        if (is_in_ram(m) && !is_reserved(m))
            continue;
        log_error(
            "%s: there is no free memory at 0x%llx for its %llu KiB; it is left out. Give "
            "the machine more memory",
            i ? "module" : "initrd", (unsigned long long)m->base,
            (unsigned long long)(m->size + 1023) / 1024);
        *m = (struct boot_module){0, 0};
    }
}
