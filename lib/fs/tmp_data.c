/*
 * The bytes of a file in memory: pages, held in chunks of a few side by side, and the chunks in an
 * order that is searched by halves, so that a file of a gigabyte costs its pages and little else,
 * and a hole costs nothing wherever it lies. What is not there reads as zeroes.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/tmp.h"

#define FIRST_ROOM 4 /* chunks */

struct tmp_pool tmp_pool;

void *
tmp_pool_page(bool whole)
{
    if (tmp_pool.used >= tmp_pool.limit)
        return NULL;
    void *page = whole ? pages_alloc_raw(1) : pages_alloc(1);
    tmp_pool.used += page != NULL;
    return page;
}

void
tmp_pool_free(void *page)
{
    pages_free(page, 1);
    tmp_pool.used--;
}

/* ---- chunks ---- */

/* Index of the first chunk that does not begin before `first`. */
static size_t
place_of(const struct tmp_data *d, uint64_t first)
{
    size_t low = 0, high = d->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (d->chunks[middle]->first < first)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint64_t
first_of(uint64_t page)
{
    return page & ~(uint64_t)(TMP_CHUNK_PAGES - 1);
}

uintptr_t *
tmp_slot(const struct tmp_data *d, uint64_t page)
{
    size_t i = place_of(d, first_of(page));

    if (i == d->count || d->chunks[i]->first != first_of(page))
        return NULL;
    return &d->chunks[i]->slots[page % TMP_CHUNK_PAGES];
}

static bool
make_room(struct tmp_data *d)
{
    size_t room = d->room ? d->room * 2 : FIRST_ROOM;

    if (d->count < d->room)
        return true;
    struct tmp_chunk **larger = kmalloc(room * sizeof(*larger));
    if (!larger)
        return false;
    if (d->count)
        memcpy(larger, d->chunks, d->count * sizeof(*larger));
    kfree(d->chunks);
    d->chunks = larger;
    d->room = room;
    return true;
}

uintptr_t *
tmp_slot_make(struct tmp_data *d, uint64_t page, struct tmp_chunk **chunk)
{
    size_t i = place_of(d, first_of(page));

    if (i == d->count || d->chunks[i]->first != first_of(page)) {
        struct tmp_chunk *new = make_room(d) ? kmalloc(sizeof(*new)) : NULL;
        if (!new)
            return NULL;
        new->first = first_of(page);
        memmove(d->chunks + i + 1, d->chunks + i, (d->count - i) * sizeof(*d->chunks));
        d->chunks[i] = new;
        d->count++;
    }
    *chunk = d->chunks[i];
    return &(*chunk)->slots[page % TMP_CHUNK_PAGES];
}

/* Take a page out of the file; one that is mapped stays, and is zeroes. */
static void
drop_page(struct tmp_data *d, struct tmp_chunk *chunk, unsigned i)
{
    uintptr_t slot = chunk->slots[i];

    if (!slot)
        return;
    if (tmp_pins(slot)) {
        memset(tmp_page(slot), 0, PAGE_SIZE);
        return;
    }
    tmp_pool_free(tmp_page(slot));
    chunk->slots[i] = 0;
    chunk->used--;
    d->pages--;
}

/* The pages from `first` on, below `end`; chunks from `chunks` on that have none left go too. */
static void
drop_pages(struct tmp_data *d, uint64_t chunks, uint64_t first, uint64_t end)
{
    size_t i = place_of(d, first_of(chunks)), kept = i;

    for (; i < d->count; i++) {
        struct tmp_chunk *chunk = d->chunks[i];
        for (unsigned k = 0; k < TMP_CHUNK_PAGES && chunk->first < end; k++)
            if (chunk->first + k >= first && chunk->first + k < end)
                drop_page(d, chunk, k);
        if (chunk->used)
            d->chunks[kept++] = chunk;
        else
            kfree(chunk);
    }
    d->count = kept;
    if (kept > 0)
        return;
    kfree(d->chunks);
    d->chunks = NULL;
    d->room = 0;
}

void
tmp_data_tidy(struct tmp_data *d, uint64_t first, uint64_t end)
{
    uint64_t behind = (d->size + PAGE_SIZE - 1) >> PAGE_SHIFT;

    drop_pages(d, first, MAX(first, behind), end);
}

/* ---- bytes ---- */

/* A page to write to; NULL: no room. */
static char *
page_for(struct tmp_data *d, uint64_t number, bool whole)
{
    uintptr_t *slot = tmp_slot(d, number);
    struct tmp_chunk *chunk;

    if (slot && *slot)
        return tmp_page(*slot);
    void *page = tmp_pool_page(whole);
    if (!page)
        return NULL;
    slot = tmp_slot_make(d, number, &chunk);
    if (!slot) {
        tmp_pool_free(page);
        return NULL;
    }
    *slot = (uintptr_t)page;
    chunk->used++;
    d->pages++;
    return page;
}

/* How much of `len` bytes at `at` lies in the page of `at`. */
static size_t
in_page(uint64_t at, uint64_t len)
{
    return (size_t)MIN(len, PAGE_SIZE - at % PAGE_SIZE);
}

/* Zeroes from `at` to the end of its page, or `len` of them, where there is a page. */
static void
clear(struct tmp_data *d, uint64_t at, uint64_t len)
{
    uintptr_t *slot = tmp_slot(d, at >> PAGE_SHIFT);

    if (slot && *slot)
        memset(tmp_page(*slot) + at % PAGE_SIZE, 0, in_page(at, len));
}

/* What lies behind the end is zeroes once it counts, whatever was written through a mapping. */
static void
grow(struct tmp_data *d, uint64_t size)
{
    if (size <= d->size)
        return;
    if (d->size % PAGE_SIZE)
        clear(d, d->size, size - d->size);
    d->size = size;
}

size_t
tmp_data_read(const struct tmp_data *d, void *to, size_t len, uint64_t at)
{
    size_t done = 0;

    if (at >= d->size)
        return 0;
    len = (size_t)MIN(len, d->size - at);
    while (done < len) {
        size_t now = in_page(at + done, len - done);
        const uintptr_t *slot = tmp_slot(d, (at + done) >> PAGE_SHIFT);
        if (slot && *slot)
            memcpy((char *)to + done, tmp_page(*slot) + (at + done) % PAGE_SIZE, now);
        else
            memset((char *)to + done, 0, now);
        done += now;
    }
    return done;
}

long
tmp_data_write(struct tmp_data *d, const void *from, size_t len, uint64_t at)
{
    size_t done = 0;

    if (len == 0)
        return 0;
    if (at >= TMP_SIZE_MAX)
        return -EFBIG;
    len = (size_t)MIN(len, TMP_SIZE_MAX - at);
    if (at > d->size && d->size % PAGE_SIZE)
        clear(d, d->size, at - d->size);
    while (done < len) {
        size_t now = in_page(at + done, len - done);
        char *page = page_for(d, (at + done) >> PAGE_SHIFT, now == PAGE_SIZE);
        if (!page)
            break;
        memcpy(page + (at + done) % PAGE_SIZE, (const char *)from + done, now);
        done += now;
    }
    if (done > 0)
        d->size = MAX(d->size, at + done);
    return done ? (long)done : -ENOSPC;
}

void
tmp_data_truncate(struct tmp_data *d, uint64_t size)
{
    if (size >= d->size) {
        grow(d, size);
        return;
    }
    if (size % PAGE_SIZE)
        clear(d, size, PAGE_SIZE);
    uint64_t behind = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
    drop_pages(d, behind, behind, UINT64_MAX);
    d->size = size;
}

void
tmp_data_punch(struct tmp_data *d, uint64_t at, uint64_t len)
{
    uint64_t first = (at + PAGE_SIZE - 1) >> PAGE_SHIFT, end = (at + len) >> PAGE_SHIFT;

    if (at % PAGE_SIZE)
        clear(d, at, len);
    if (end >= first && (at + len) % PAGE_SIZE)
        clear(d, end << PAGE_SHIFT, (at + len) % PAGE_SIZE);
    if (first < end)
        drop_pages(d, first, first, end);
}

int
tmp_data_reserve(struct tmp_data *d, uint64_t at, uint64_t len)
{
    uint64_t first = at >> PAGE_SHIFT, end = ((at + len - 1) >> PAGE_SHIFT) + 1;

    if (end - first > tmp_pool.limit - tmp_pool.used + d->pages)
        return -ENOSPC; /* before anything was taken */
    for (uint64_t number = first; number < end; number++)
        if (!page_for(d, number, false))
            return -ENOSPC;
    return 0;
}

/* ---- holes ---- */

/* The first page from `number` on that is there; UINT64_MAX if none is. */
static uint64_t
next_page(const struct tmp_data *d, uint64_t number)
{
    for (size_t i = place_of(d, first_of(number)); i < d->count; i++)
        for (unsigned k = 0; k < TMP_CHUNK_PAGES; k++)
            if (d->chunks[i]->slots[k] && d->chunks[i]->first + k >= number)
                return d->chunks[i]->first + k;
    return UINT64_MAX;
}

int64_t
tmp_data_find(const struct tmp_data *d, uint64_t at, bool hole)
{
    uint64_t number = at >> PAGE_SHIFT;

    if (at >= d->size)
        return -ENXIO;
    if (hole) {
        while (next_page(d, number) == number)
            number++;
    } else {
        number = next_page(d, number);
        if (number > d->size >> PAGE_SHIFT)
            return -ENXIO;
    }
    uint64_t found = MAX(at, number << PAGE_SHIFT);
    if (found >= d->size && !hole)
        return -ENXIO;
    return (int64_t)MIN(found, d->size);
}
