/*
 * A file's own pages where a program can reach them. Addresses are physical, so what is mapped in
 * one piece has to lie in one piece: the first mapping moves the pages of the file there, all of
 * them if it can, so that later mappings find them in place. Two mappings of the same bytes have
 * the same address. A page that is mapped cannot be moved, and stays in the file however short it
 * becomes; so a mapping that would need one moved is refused.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/tmp.h"

#define PINS_MAX (PAGE_SIZE - 1)

static uintptr_t
slot_of(const struct tmp_data *d, uint64_t page)
{
    const uintptr_t *slot = tmp_slot(d, page);

    return slot ? *slot : 0;
}

/* Where these pages lie if each follows the one before it, else NULL. */
static char *
in_one_piece(const struct tmp_data *d, uint64_t first, size_t count)
{
    char *base = tmp_page(slot_of(d, first));

    for (size_t i = 0; base && i < count; i++) {
        uintptr_t slot = slot_of(d, first + i);
        if (tmp_page(slot) != base + i * PAGE_SIZE || tmp_pins(slot) == PINS_MAX)
            return NULL;
    }
    return base;
}

/* How many of the pages are there; SIZE_MAX if one of them cannot be moved. */
static size_t
movable(const struct tmp_data *d, uint64_t first, size_t count)
{
    size_t present = 0;

    for (size_t i = 0; i < count; i++) {
        uintptr_t slot = slot_of(d, first + i);
        if (tmp_pins(slot))
            return SIZE_MAX;
        present += slot != 0;
    }
    return present;
}

/* Have a slot for each, so that nothing can fail once pages move. */
static bool
make_slots(struct tmp_data *d, uint64_t first, size_t count)
{
    struct tmp_chunk *chunk;

    for (size_t i = 0; i < count; i++)
        if (!tmp_slot_make(d, first + i, &chunk))
            return false;
    return true;
}

static int
gather(struct tmp_data *d, uint64_t first, size_t count)
{
    size_t present = movable(d, first, count);
    struct tmp_chunk *chunk;

    if (present == SIZE_MAX || count - present > tmp_pool.limit - tmp_pool.used)
        return -ENOMEM;
    char *run = pages_alloc(count);
    if (!run)
        return -ENOMEM;
    if (!make_slots(d, first, count)) {
        pages_free(run, count);
        tmp_data_tidy(d, first, first);
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        uintptr_t *slot = tmp_slot_make(d, first + i, &chunk);
        if (*slot) {
            memcpy(run + i * PAGE_SIZE, tmp_page(*slot), PAGE_SIZE);
            pages_free(tmp_page(*slot), 1);
        } else {
            chunk->used++;
            d->pages++;
            tmp_pool.used++;
        }
        *slot = (uintptr_t)(run + i * PAGE_SIZE);
    }
    return 0;
}

/* The whole file at once, unless it is mostly holes. */
static int
gather_all(struct tmp_data *d, uint64_t end)
{
    uint64_t all = MAX(end, (d->size + PAGE_SIZE - 1) >> PAGE_SHIFT);

    if (all > 2 * (uint64_t)(d->pages + 1) + end || all > SIZE_MAX >> PAGE_SHIFT)
        return -ENOMEM;
    return gather(d, 0, (size_t)all);
}

int
tmp_data_map(struct tmp_data *d, uint64_t first, size_t count, void **out)
{
    char *base = in_one_piece(d, first, count);

    if (!base && gather_all(d, first + count) && gather(d, first, count))
        return -ENOMEM;
    if (!base)
        base = in_one_piece(d, first, count);
    for (size_t i = 0; i < count; i++)
        ++*tmp_slot(d, first + i);
    *out = base;
    return 0;
}

void
tmp_data_unmap(struct tmp_data *d, uint64_t first, size_t count)
{
    for (size_t i = 0; i < count; i++)
        --*tmp_slot(d, first + i);
    tmp_data_tidy(d, first, first + count);
}

bool
tmp_data_is_mapped(const struct tmp_data *d)
{
    for (size_t i = 0; i < d->count; i++)
        for (unsigned k = 0; k < TMP_CHUNK_PAGES; k++)
            if (tmp_pins(d->chunks[i]->slots[k]))
                return true;
    return false;
}
