/*
 * Physical memory: whole pages from a bitmap, and a small heap on top for the kernel's own
 * objects. Memory comes zeroed and therefore written, which virtio needs (a page that was
 * only ever read can go stale on a copy-on-write host; checklist row 61).
 *
 * Not callable from interrupt handlers. Never blocks. Addresses are physical and virtual.
 */
#ifndef KERNEL_MEMORY_H
#define KERNEL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE     4096u
#define PAGE_SHIFT    12
#define PAGE_ALIGN(n) (((n) + PAGE_SIZE - 1) & ~(uintptr_t)(PAGE_SIZE - 1))

/* Build the bitmap from boot_info: usable ranges less image, modules, and the first page. */
void pages_init(void);

/* `count` contiguous pages, zeroed; NULL when there is no such run. */
void *pages_alloc(size_t count);
/* Contiguous pages whose address is a multiple of `align` (a power of two, bytes). */
void *pages_alloc_aligned(size_t count, size_t align);
/* Contiguous pages as they are, not zeroed, for a stack or output: most of one is never touched,
 * and a host that gives memory on demand need not give that. */
void *pages_alloc_raw(size_t count);
/* Those `count` pages at `base`, zeroed; false if one of them is taken or no RAM. */
bool pages_take(void *base, size_t count);
/* Told of the end of each run before it is handed out, on a platform that maps RAM bit by bit. */
extern void (*pages_reach)(uintptr_t end);
/* Give back any run of allocated pages, also part of what was allocated at once. A page that
 * is not allocated is a panic: the caller's books are wrong. */
void pages_free(void *base, size_t count);
/* True if the `len` bytes at `base` all lie below the end of RAM, which is what paging maps from
 * the start. A hole in RAM is within: to read it is harmless, to write it is not asked for. */
bool pages_contain(const void *base, size_t len);

struct memory_info {
    size_t total;      /* bytes of RAM that the allocator manages, image included */
    size_t free;       /* bytes in free pages */
    size_t least;      /* lowest `free` so far */
    size_t heap;       /* bytes in the heap's pages */
    uintptr_t highest; /* first byte past the highest usable RAM */
};
void memory_info(struct memory_info *out);

/* Kernel objects: zeroed (or not, for what is written at once), aligned to 16 bytes; NULL when
 * memory is short. kfree(NULL) is allowed. */
void *kmalloc(size_t size);
void *kmalloc_raw(size_t size);
void kfree(void *p);
/* Bytes in the heap's pages, free objects included. */
size_t heap_bytes(void);
/* A copy of a string, for names. */
char *kstrdup(const char *text);

#endif
