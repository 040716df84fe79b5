/*
 * The functions of a C library that libext2fs calls, under the names that port/config.h gives them.
 * Memory is the kernel's, so a program that has a malloc of its own does not meet this. The time is
 * always set in the file system (ext_enter_change), and no environment is looked at.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"

void *ext_malloc(size_t);
void *ext_calloc(size_t, size_t);
void *ext_realloc(void *, size_t);
void ext_free(void *);
char *ext_getenv(const char *);
char *ext_strcpy(char *, const char *);
char *ext_strcat(char *, const char *);
char *ext_strncpy(char *, const char *, size_t);
unsigned long ext_strtoul(const char *, char **, int);
_Noreturn void ext_abort(void);

/* The size stands in front, for realloc. */
struct head {
    size_t size;
    size_t unused[3];
};

void *
ext_malloc(size_t size)
{
    struct head *head =
        size < SIZE_MAX - sizeof(*head) ? kmalloc_raw(sizeof(*head) + size) : NULL;

    if (!head)
        return NULL;
    head->size = size;
    return head + 1;
}

void *
ext_calloc(size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    void *p = ext_malloc(count * size);
    return p ? memset(p, 0, count * size) : NULL;
}

void
ext_free(void *p)
{
    if (p)
        kfree((struct head *)p - 1);
}

void *
ext_realloc(void *old, size_t size)
{
    void *p = ext_malloc(size);

    if (p && old) {
        size_t had = ((struct head *)old - 1)->size;
        memcpy(p, old, had < size ? had : size);
        ext_free(old);
    }
    return p;
}

char *
ext_getenv(const char *name)
{
    (void)name;
    return NULL;
}

unsigned long
ext_strtoul(const char *text, char **end, int base)
{
    (void)text, (void)end, (void)base; /* of variables of the environment only */
    return 0;
}

/* Where a tree of free blocks cannot grow, which libext2fs has no other answer to. */
_Noreturn void
ext_abort(void)
{
    panic("ext: no memory for a bitmap");
}

char *
ext_strcpy(char *to, const char *from)
{
    return memcpy(to, from, strlen(from) + 1);
}

char *
ext_strcat(char *to, const char *from)
{
    ext_strcpy(to + strlen(to), from);
    return to;
}

char *
ext_strncpy(char *to, const char *from, size_t size)
{
    size_t len = strnlen(from, size);

    memcpy(to, from, len);
    memset(to + len, 0, size - len);
    return to;
}
