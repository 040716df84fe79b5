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
#define LOW_RESERVED  0x2000u /* interrupt table of the BIOS; boot_params and command line */

static uint32_t *taken;   /* bit n: page n is not free */
static size_t nr_pages;   /* pages that the map covers */
static size_t hint;       /* no page below this one is free */
static size_t nr_managed; /* pages of usable RAM, the image's included */
static size_t nr_free, least_free;
static uintptr_t highest;
void (*pages_reach)(uintptr_t end);

static bool
is_taken(size_t page)
{
    return taken[page / 32] >> (page % 32) & 1;
}

static void
mark(size_t first, size_t count, bool take)
{
    for (size_t page = first, end = first + count; page < end;) {
        size_t bit = page % 32, n = MIN(32 - bit, end - page);
        uint32_t *word = &taken[page / 32];
        uint32_t mask = UINT32_MAX >> (32 - n) << bit;
        uint32_t change = mask & (take ? ~*word : *word);
        size_t changed = (size_t)__builtin_popcount(change);
        nr_free = take ? nr_free - changed : nr_free + changed;
        *word ^= change;
        page += n;
    }
}

/* The whole pages inside usable range i; false if there are none or it is not usable. */
static bool
usable_pages(unsigned i, size_t *first, size_t *end)
{
    const struct boot_range *r = &boot_info.ranges[i];
    uint64_t base = MIN(r->base, (uint64_t)ADDRESS_LIMIT);
    uint64_t top = MIN(r->base + r->size, (uint64_t)ADDRESS_LIMIT);

    *first = (size_t)((base + PAGE_SIZE - 1) >> PAGE_SHIFT);
    *end = (size_t)(top >> PAGE_SHIFT);
    return r->type == BOOT_MEM_USABLE && *first < *end;
}

/* What nobody may be given, numbered from 0: the ranges that are not usable, the modules, the
 * image, the lowest pages. */
static unsigned
nr_kept(void)
{
    return boot_info.nr_ranges + boot_info.nr_modules + 2;
}

/* The pages that number i touches; none for a usable range. */
static void
kept_pages(unsigned i, size_t *first, size_t *end)
{
    uint64_t base = 0, size = 0;

    if (i < boot_info.nr_ranges) {
        const struct boot_range *r = &boot_info.ranges[i];
        base = r->base;
        size = r->type == BOOT_MEM_USABLE ? 0 : r->size;
    } else if (i < boot_info.nr_ranges + boot_info.nr_modules) {
        const struct boot_module *m = &boot_info.modules[i - boot_info.nr_ranges];
        base = m->base;
        size = m->size;
    } else if (i == boot_info.nr_ranges + boot_info.nr_modules) {
        base = (uintptr_t)image_start;
        size = (uintptr_t)image_end - (uintptr_t)image_start;
    } else {
        size = LOW_RESERVED;
    }
    uint64_t top = size ? MIN(base + size, (uint64_t)ADDRESS_LIMIT) : 0;
    *first = (size_t)(MIN(base, (uint64_t)ADDRESS_LIMIT) >> PAGE_SHIFT);
    *end = (size_t)((top + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

/* Where something kept that [page, page + count) runs into ends; `page` if there is none. */
static size_t
end_of_clash(size_t page, size_t count)
{
    for (unsigned i = 0; i < nr_kept(); i++) {
        size_t first, end;
        kept_pages(i, &first, &end);
        if (page < end && page + count > first)
            return end;
    }
    return page;
}

/* First page of a place for the map itself; 0 if there is none. */
static size_t
place_for_map(size_t count)
{
    for (unsigned i = 0; i < boot_info.nr_ranges; i++) {
        size_t page, end;
        if (!usable_pages(i, &page, &end))
            continue;
        while (page + count <= end) {
            size_t past = end_of_clash(page, count);
            if (past == page)
                return page;
            page = past; /* each step leaves one of the kept parts behind for good */
        }
    }
    return 0;
}

static void
take_kept(unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        size_t first, end;
        kept_pages(i, &first, &end);
        end = MIN(end, nr_pages);
        if (first < end)
            mark(first, end - first, true);
    }
}

void
pages_init(void)
{
    size_t first, end;

    for (unsigned i = 0; i < boot_info.nr_ranges; i++)
        if (usable_pages(i, &first, &end))
            nr_pages = MAX(nr_pages, end);
    highest = (uintptr_t)nr_pages << PAGE_SHIFT;

    size_t map_pages = (nr_pages / 8 + PAGE_SIZE) >> PAGE_SHIFT;
    size_t map = place_for_map(map_pages);
    if (!map) {
        log_error("%s cannot start: no room for a page map of %zu KiB; give the machine more "
                  "memory",
                  image_name, map_pages * (PAGE_SIZE / 1024));
        kernel_exit(EXIT_NO_START);
    }
    taken = memset((void *)(map << PAGE_SHIFT), 0xff, map_pages << PAGE_SHIFT);
    for (unsigned i = 0; i < boot_info.nr_ranges; i++)
        if (usable_pages(i, &first, &end))
            mark(first, end - first, false);
    take_kept(0, boot_info.nr_ranges);
    nr_managed = nr_free;
    take_kept(boot_info.nr_ranges, nr_kept());
    mark(map, map_pages, true);
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

static void
take_run(size_t page, size_t count)
{
    mark(page, count, true);
    if (pages_reach)
        pages_reach((page + count) << PAGE_SHIFT);
    while (hint < nr_pages && is_taken(hint))
        hint++;
    least_free = MIN(least_free, nr_free);
}

static void *
take_pages(size_t count, size_t align)
{
    if (count == 0 || count > nr_free)
        return NULL;
    size_t page = find_run(hint, count, MAX(align / PAGE_SIZE, 1u));
    if (page == nr_pages)
        return NULL;
    take_run(page, count);
    return (void *)(page << PAGE_SHIFT);
}

void *
pages_alloc_aligned(size_t count, size_t align)
{
    void *base = take_pages(count, align);

    return base ? memset(base, 0, count << PAGE_SHIFT) : NULL;
}

void *
pages_alloc_raw(size_t count)
{
    return take_pages(count, PAGE_SIZE);
}

void *
pages_alloc(size_t count)
{
    return pages_alloc_aligned(count, PAGE_SIZE);
}

bool
pages_take(void *base, size_t count)
{
    size_t first = (uintptr_t)base >> PAGE_SHIFT, end = first + count;

    for (size_t page = first; page < end; page++)
        if (page >= nr_pages || is_taken(page))
            return false;
    take_run(first, count);
    memset(base, 0, count << PAGE_SHIFT);
    return true;
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
