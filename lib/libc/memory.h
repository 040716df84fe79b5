/*
 * Between the files of mmap and its family: memory.c has the calls, memory_books.c the books of
 * whose each page is, memory_shared.c the mappings that share the pages of a file, memory_more.c what only asks or
 * has nothing to do. Pages are meant by number (address >> PAGE_SHIFT).
 */
#ifndef LIBC_MEMORY_H
#define LIBC_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel/platform.h"
#include "lib/libc/file.h"

/* ---- memory_books.c ---- */

/* An entry of the books. */
#define MEMORY_NOT_OURS   0
#define MEMORY_OURS(prot) ((uint8_t)((prot) + 1)) /* of enum page_prot */
#define MEMORY_OF_FILE    0x80                    /* beside it: read from a file */
#define MEMORY_SHARED     0x40                    /* beside both: a file's own */
#define MEMORY_PROT_OF(entry) \
    ((enum page_prot)(((entry) & ~(MEMORY_OF_FILE | MEMORY_SHARED)) - 1))

/* True if there are books; made at the first call. */
bool memory_have_books(void);
/* Of any page, also one that no RAM has. */
uint8_t memory_entry(uintptr_t page);
bool memory_is_shared(uintptr_t page);
/* True if `count` pages from `page` on are all the program's. */
bool memory_owns(uintptr_t page, size_t count);
/* The program has them, readable and writable. */
void memory_set_new(uintptr_t page, size_t count);
/* What is in them was read from a file. */
void memory_set_file(uintptr_t page, size_t count);
/* They are a file's own, and go back by shared_unmap. */
void memory_set_shared(uintptr_t page, size_t count);
/* They are not the program's any more. */
void memory_set_free(uintptr_t page, size_t count);
/* Whole pages; false if the length is 0 or the range wraps. */
bool memory_in_pages(uintptr_t base, size_t len, size_t *count);
/* What PROT_* asks for. */
enum page_prot memory_prot(int prot);
/* Of pages that are all the program's; those of a file stay as they are. -ENOMEM. */
int memory_protect(uintptr_t page, size_t count, enum page_prot prot);
/* Give them back to the kernel, readable and writable as it expects them, or to their file.
 * -ENOMEM: some are left. */
int memory_release(uintptr_t page, size_t count);

/* ---- memory_shared.c, in programs that have files in memory ---- */

extern const char memory_shared_linked[1]; /* lib/fs refers to it, and so the file is there */

/* Map the file's own pages; `at` is a multiple of a page. The address, or -ENOMEM (they cannot lie
 * in one piece), or an error of the file. The mapping holds the file. May block. */
__attribute__((weak)) long shared_map(struct file *file, uint64_t at, size_t count);
/* One mapping less of each page, all of which are shared. -ENOMEM: some are left as they were. */
__attribute__((weak)) int shared_unmap(uintptr_t page, size_t count);
/* Map `new` pages of the file where a mapping that begins at `page` has `old`. The address; -EFAULT
 * (none begins there, or it has fewer), -ENOMEM: then all is as it was. */
__attribute__((weak)) long shared_remap(uintptr_t page, size_t old, size_t new, bool may_move);

#endif
