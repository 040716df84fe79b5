/*
 * Small objects of the kernel: a free list for each of a few sizes up to half a page, refilled
 * a page at a time; anything larger takes whole pages. A page of small objects is aligned, so
 * its header is found by masking an object's address; a large block begins behind a header of
 * the same shape. What is freed goes back to its class and, when the whole page is free and not
 * the only one with room, to the page allocator.
 */
#include "kernel/kernel.h"
#include "kernel/list.h"
#include "kernel/memory.h"
#include "kernel/string.h"

#define HEAP_MAGIC  0x48454150u
#define HEADER_SIZE 64u
#define NR_CLASSES  8
#define CLASS_LARGE NR_CLASSES

/* Powers of two from 16 on, for the alignment. The last is half of what a page has room for: a packet
 * of 1 500 bytes with its descriptor is such an object. */
static const uint16_t class_size[NR_CLASSES] = {16,  32,  64,   128,
                                                256, 512, 1024, (PAGE_SIZE - HEADER_SIZE) / 2};

struct free_object {
    struct free_object *next;
};

struct heap_page {
    uint32_t magic;
    uint32_t cls;
    size_t pages;             /* of this block; 1 unless CLASS_LARGE */
    struct free_object *free; /* objects of this page */
    size_t in_use;
    struct list link; /* pages of the class that have a free object */
};

_Static_assert(sizeof(struct heap_page) <= HEADER_SIZE, "the header must fit its place");

static struct list partial[NR_CLASSES];
static size_t heap_pages;

size_t
heap_bytes(void)
{
    return heap_pages << PAGE_SHIFT;
}

static unsigned
class_of(size_t size)
{
    if (size > class_size[NR_CLASSES - 1])
        return CLASS_LARGE;
    return size <= 16 ? 0 : 28 - (unsigned)__builtin_clz((uint32_t)size - 1);
}

static struct heap_page *
page_new(unsigned cls, size_t pages)
{
    struct heap_page *page = cls == CLASS_LARGE ? pages_alloc(pages) : pages_alloc_raw(pages);

    if (!page)
        return NULL;
    heap_pages += pages;
    *page = (struct heap_page){.magic = HEAP_MAGIC, .cls = cls, .pages = pages};
    list_init(&page->link);
    return page;
}

static void
page_delete(struct heap_page *page)
{
    size_t pages = page->pages;

    list_remove(&page->link);
    page->magic = 0;
    heap_pages -= pages;
    pages_free(page, pages);
}

static struct heap_page *
page_with_room(unsigned cls)
{
    if (!partial[cls].next)
        list_init(&partial[cls]);
    if (!list_empty(&partial[cls]))
        return container_of(partial[cls].next, struct heap_page, link);

    struct heap_page *page = page_new(cls, 1);
    if (!page)
        return NULL;
    size_t size = class_size[cls];
    for (size_t at = HEADER_SIZE; at + size <= PAGE_SIZE; at += size) {
        struct free_object *object = (struct free_object *)((char *)page + at);
        object->next = page->free;
        page->free = object;
    }
    list_append(&partial[cls], &page->link);
    return page;
}

static void *
large_alloc(size_t size)
{
    if (size > SIZE_MAX - HEADER_SIZE - PAGE_SIZE)
        return NULL;
    struct heap_page *page =
        page_new(CLASS_LARGE, PAGE_ALIGN(size + HEADER_SIZE) >> PAGE_SHIFT);
    return page ? (char *)page + HEADER_SIZE : NULL;
}

void *
kmalloc_raw(size_t size)
{
    unsigned cls = class_of(size);

    if (cls == CLASS_LARGE)
        return large_alloc(size);
    struct heap_page *page = page_with_room(cls);
    if (!page)
        return NULL;
    struct free_object *object = page->free;
    page->free = object->next;
    page->in_use++;
    if (!page->free)
        list_remove(&page->link);
    return object;
}

void *
kmalloc(size_t size)
{
    void *object = kmalloc_raw(size);

    return object && class_of(size) < CLASS_LARGE ? memset(object, 0, size) : object;
}

void
kfree(void *p)
{
    if (!p)
        return;
    struct heap_page *page = (struct heap_page *)((uintptr_t)p & ~(uintptr_t)(PAGE_SIZE - 1));
    if (page->magic != HEAP_MAGIC)
        panic("kfree: %p is not an object of the heap", p);
    if (page->cls == CLASS_LARGE) {
        page_delete(page);
        return;
    }
    struct free_object *object = p;
    if (!page->free)
        list_append(&partial[page->cls], &page->link);
    object->next = page->free;
    page->free = object;
    if (--page->in_use == 0 && page->link.next != page->link.prev)
        page_delete(page);
}

char *
kstrdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = kmalloc(size);

    return copy ? memcpy(copy, text, size) : NULL;
}
