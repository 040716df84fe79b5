/*
 * A doubly linked ring with a head: the one list of the project. An element that is on no
 * list points at itself, so list_remove may be called twice.
 */
#ifndef KERNEL_LIST_H
#define KERNEL_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *prev;
};

/* clang-format off */
#define LIST_INIT(name) {&(name), &(name)}
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define list_foreach(it, head) for (struct list *it = (head)->next; it != (head); it = it->next)
/* clang-format on */

static inline void
list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool
list_empty(const struct list *l)
{
    return l->next == l;
}

/* Before `at`, an element. */
static inline void
list_insert_before(struct list *at, struct list *e)
{
    e->next = at;
    e->prev = at->prev;
    at->prev->next = e;
    at->prev = e;
}

/* At the end of the list with this head. */
static inline void
list_append(struct list *head, struct list *e)
{
    list_insert_before(head, e);
}

static inline void
list_remove(struct list *e)
{
    e->prev->next = e->next;
    e->next->prev = e->prev;
    list_init(e);
}

/* First element, removed; NULL when empty. */
static inline struct list *
list_pop(struct list *head)
{
    struct list *e = head->next;
    if (e == head)
        return NULL;
    list_remove(e);
    return e;
}

#endif
