/*
 * The signals that wait, each with what its receiver is told (signal.h), for the program or one
 * thread of it. A set of bits says which numbers wait; a note beside a bit says more. Without
 * memory for a note a signal is its bit alone, as on Linux: one of the kernel's or of kill.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "lib/libc/signal_queue.h"

#define MADE_MAX 4096 /* notes from kmalloc at a time; POSIX asks for 32 (SIGQUEUE_MAX) */

static struct list waiting = LIST_INIT(waiting); /* the first is the oldest */
static uint64_t pending;                         /* sent to the program, not to one thread */
static unsigned made;

static struct signal_note *
note_of(struct list *link)
{
    return container_of(link, struct signal_note, link);
}

uint64_t *
signal_queue_set(struct libc_thread *thread)
{
    return thread ? &thread->pending : &pending;
}

/* The oldest of that number, or NULL. */
static struct signal_note *
find(int number, const struct libc_thread *thread)
{
    list_foreach(link, &waiting) if (note_of(link)->info.signo == number &&
                                     note_of(link)->thread == thread) return note_of(link);
    return NULL;
}

/* One that is off the list: its bit stays while another waits. */
static void
clear_bit(int number, struct libc_thread *thread)
{
    if (!find(number, thread))
        *signal_queue_set(thread) &= ~SIGNAL_BIT(number);
}

void
signal_queue_add(struct signal_note *note)
{
    list_append(&waiting, &note->link);
    *signal_queue_set(note->thread) |= SIGNAL_BIT(note->info.signo);
}

int
signal_queue_make(const struct abi_siginfo *info, struct libc_thread *thread)
{
    uint64_t *set = signal_queue_set(thread);
    struct signal_note *note = NULL;

    if (info->signo < ABI_SIGRTMIN && (*set & SIGNAL_BIT(info->signo)))
        return 0;
    if (made < MADE_MAX)
        note = kmalloc(sizeof(*note));
    if (!note && info->signo >= ABI_SIGRTMIN && info->code == ABI_SI_QUEUE)
        return -EAGAIN;
    *set |= SIGNAL_BIT(info->signo);
    if (!note)
        return 0;
    made++;
    *note = (struct signal_note){.thread = thread, .info = *info};
    signal_queue_add(note);
    return 0;
}

/* It is off the list after this, and gone if it is ours. */
static void
hand_out(struct signal_note *note, struct abi_siginfo *info)
{
    list_remove(&note->link);
    if (note->taken)
        note->taken(note);
    *info = note->info;
    if (note->taken)
        return;
    kfree(note);
    made--;
}

void
signal_queue_take(int number, struct libc_thread *thread, struct abi_siginfo *info)
{
    struct signal_note *note = find(number, thread);

    *info = (struct abi_siginfo){.signo = number, .code = ABI_SI_USER};
    if (note)
        hand_out(note, info);
    clear_bit(number, thread);
}

void
signal_take_back(struct signal_note *note)
{
    if (!note->link.next || list_empty(&note->link))
        return;
    list_remove(&note->link);
    clear_bit(note->info.signo, note->thread);
}

void
signal_queue_forget(uint64_t set, struct libc_thread *thread)
{
    struct abi_siginfo nobody_asks;
    struct list *next;

    *signal_queue_set(thread) &= ~set;
    for (struct list *link = waiting.next; link != &waiting; link = next) {
        struct signal_note *note = note_of(link);
        next = link->next;
        if (note->thread == thread && (set & SIGNAL_BIT(note->info.signo)))
            hand_out(note, &nobody_asks);
    }
}
