/*
 * Whole pages: one bit each, set when taken, from page 0 to the highest usable one. The map
 * itself lies in the first usable run that holds it. First fit from a moving hint: an image
 * allocates few, mostly long-lived runs, and a bitmap lets any part of a run be given back,
 * which munmap wants.
 */
#include "kernel/boot_info.h"
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"

#define ADDRESS_LIMIT 0xfffff000u /* the last page would make ends wrap to 0 */
#define LOW_RESERVED  0x2000u     /* interrupt table of the BIOS; boot_params and command line */

static uint32_t *taken;   /* bit n: page n is not free */
static size_t nr_pages;   /* pages that the map covers */
static size_t hint;       /* no page below this one is free */
static size_t nr_managed; /* pages of usable RAM, the image's included */
static size_t nr_free, least_free;
static uintptr_t highest;

static bool
is_taken(size_t page)
{
    return taken[page / 32] >> (page % 32) & 1;
}

static void
mark(size_t first, size_t count, bool take)
{
    for (size_t page = first; page < first + count; page++) {
        if (is_taken(page) == take)
            continue;
        taken[page / 32] ^= 1u << (page % 32);
        nr_free += take ? (size_t)-1 : 1;
    }
}

/* The whole pages inside a usable range, or the pages that a reserved one touches. */
static bool
range_pages(const struct boot_range *r, size_t *first, size_t *end)
{
    uint64_t base = r->base, top = r->base + r->size;

    if (r->type == BOOT_MEM_USABLE)
        base += PAGE_SIZE - 1;
    else
        top += PAGE_SIZE - 1;
    base &= ~(uint64_t)(PAGE_SIZE - 1);
    base = MIN(base, (uint64_t)ADDRESS_LIMIT);
    top = MIN(top, (uint64_t)ADDRESS_LIMIT);
    *first = (size_t)(base >> PAGE_SHIFT);
    *end = (size_t)(top >> PAGE_SHIFT);
    return *first < *end;
}

/* First address at or above `at` where `size` bytes clash with nothing that must stay. */
static uintptr_t
step_over(uintptr_t at, size_t size)
{
    uintptr_t image = (uintptr_t)image_start, end = (uintptr_t)image_end;

    if (at < LOW_RESERVED)
        at = LOW_RESERVED;
    if (at < end && at + size > image)
        at = end;
    for (unsigned pass = 0; pass < boot_info.nr_modules; pass++) {
        for (unsigned i = 0; i < boot_info.nr_modules; i++) {
            const struct boot_module *m = &boot_info.modules[i];
            if (at < m->base + m->size && at + size > m->base)
                at = PAGE_ALIGN(m->base + m->size);
        }
    }
    return at;
}

/* Where the map itself can lie: usable, and clear of the image, the modules, and the
 * reserved ranges. */
static uintptr_t
place_for_map(size_t size)
{
    for (unsigned i = 0; i < boot_info.nr_ranges; i++) {
        size_t first, end;
        if (boot_info.ranges[i].type != BOOT_MEM_USABLE ||
            !range_pages(&boot_info.ranges[i], &first, &end))
            continue;
        uintptr_t at = step_over((uintptr_t)first << PAGE_SHIFT, size);
        uintptr_t top = (uintptr_t)end << PAGE_SHIFT;
        if (at < top && top - at >= size)
            return at;
    }
    return 0;
}

static void
mark_range(uintptr_t base, size_t size)
{
    size_t first = base >> PAGE_SHIFT;
    size_t end = MIN(PAGE_ALIGN(base + size) >> PAGE_SHIFT, nr_pages);

    if (first < end)
        mark(first, end - first, true);
}

void
pages_init(void)
{
    size_t first, end;

    for (unsigned i = 0; i < boot_info.nr_ranges; i++)
        if (boot_info.ranges[i].type == BOOT_MEM_USABLE &&
            range_pages(&boot_info.ranges[i], &first, &end))
            nr_pages = MAX(nr_pages, end);
    highest = (uintptr_t)nr_pages << PAGE_SHIFT;

    size_t map_size = (nr_pages + 31) / 32 * 4;
    taken = (uint32_t *)place_for_map(map_size);
    if (!taken) {
        log_error("%s cannot start: no room for a page map of %zu bytes; give the machine "
                  "more memory", image_name, map_size);
        kernel_exit(EXIT_NO_START);
    }
    memset(taken, 0xff, map_size);
    for (unsigned i = 0; i < boot_info.nr_ranges; i++)
        if (boot_info.ranges[i].type == BOOT_MEM_USABLE &&
            range_pages(&boot_info.ranges[i], &first, &end))
            mark(first, end - first, false);
    for (unsigned i = 0; i < boot_info.nr_ranges; i++)
        if (boot_info.ranges[i].type != BOOT_MEM_USABLE &&
            range_pages(&boot_info.ranges[i], &first, &end) && first < nr_pages)
            mark(first, MIN(end, nr_pages) - first, true);
    nr_managed = nr_free;
    mark_range(0, LOW_RESERVED);
    mark_range((uintptr_t)image_start, (size_t)(image_end - image_start));
    mark_range((uintptr_t)taken, map_size);
    for (unsigned i = 0; i < boot_info.nr_modules; i++)
        mark_range(boot_info.modules[i].base, boot_info.modules[i].size);
    least_free = nr_free;
}

/* First free run of `count` pages at or above `from` whose number is a multiple of `step`;
 * nr_pages when there is none. */
static size_t
find_run(size_t from, size_t count, size_t step)
{
    size_t page = (from + step - 1) / step * step;

    while (page < nr_pages && nr_pages - page >= count) {
        size_t n = 0;
        while (n < count && !is_taken(page + n))
            n++;
        if (n == count)
            return page;
        page = (page + n + step) / step * step;
    }
    return nr_pages;
}

void *
pages_alloc_aligned(size_t count, size_t align)
{
    if (count == 0 || count > nr_free)
        return NULL;
    size_t page = find_run(hint, count, MAX(align / PAGE_SIZE, 1u));
    if (page == nr_pages)
        return NULL;
    mark(page, count, true);
    while (hint < nr_pages && is_taken(hint))
        hint++;
    least_free = MIN(least_free, nr_free);
    return memset((void *)(page << PAGE_SHIFT), 0, count << PAGE_SHIFT);
}

void *
pages_alloc(size_t count)
{
    return pages_alloc_aligned(count, PAGE_SIZE);
}

void
pages_free(void *base, size_t count)
{
    size_t first = (uintptr_t)base >> PAGE_SHIFT;

    if ((uintptr_t)base % PAGE_SIZE || first >= nr_pages || count > nr_pages - first)
        panic("pages_free: %p, %zu pages: not pages of ours", base, count);
    for (size_t i = 0; i < count; i++)
        if (!is_taken(first + i))
            panic("pages_free: page %p is free already", (void *)((first + i) << PAGE_SHIFT));
    mark(first, count, false);
    hint = MIN(hint, first);
}

bool
pages_contain(const void *base, size_t len)
{
    return (uintptr_t)base < highest && len <= highest - (uintptr_t)base;
}

void
memory_info(struct memory_info *out)
{
    *out = (struct memory_info){
        .total = nr_managed << PAGE_SHIFT,
        .free = nr_free << PAGE_SHIFT,
        .least = least_free << PAGE_SHIFT,
        .heap = heap_bytes(),
        .highest = highest,
    };
}
