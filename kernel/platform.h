/*
 * What a machine can do. A PC and an lguest guest differ in this table and in nothing else
 * above it; arch/x86/pc/pc.c and arch/x86/lguest/lguest.c fill one each, and the boot code
 * chooses. Every function is present in every platform; one that the machine lacks returns
 * -ENOTSUP (where it returns int) or does nothing.
 *
 * Context: unless a function says otherwise it may be called with interrupts on or off, does
 * not block, and is not called from an interrupt handler.
 */
#ifndef KERNEL_PLATFORM_H
#define KERNEL_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Page protections for `protect`; a mapped page is always readable. */
enum page_prot {
    PAGE_NONE = 0, /* any access faults: guard pages, PROT_NONE */
    PAGE_RO = 1,
    PAGE_RW = 2,
    PAGE_RX = 3,
    PAGE_RWX = 4, /* for mmap(PROT_EXEC); nothing in the kernel asks for it */
};

struct platform {
    const char *name; /* "pc", "lguest" */

    /*
     * Segments, traps, interrupt controller, clock sample, paging: whatever needs nothing but
     * page_alloc. Called once, first thing after the page allocator works.
     */
    void (*init)(void);

    /*
     * The early console: bytes out with no interrupt, no allocation, in any context, bounded
     * in time even when nobody listens. "\n" alone starts a new line.
     */
    void (*early_write)(const char *text, size_t len);
    /* Enlist the early console as a struct console_device, used where no better one exists. */
    void (*early_console)(void);

    /* Interrupts off; true if they were on. Nests through irq_restore. */
    bool (*irq_save)(void);
    void (*irq_restore)(bool on);
    /*
     * Called with interrupts off: sleeps until one is delivered and returns with interrupts
     * off again, after its handler ran. One that became pending before the call ends the
     * sleep at once: no wake-up is lost.
     */
    void (*halt)(void);

    /* Nanoseconds since kernel entry; never goes backwards. Callable in any context. */
    uint64_t (*clock)(void);
    /* Nanoseconds since 1970 when `clock` was 0; 0 where the machine does not know. */
    uint64_t (*wall_base)(void);
    /* One-shot: timer_interrupt() is called (interrupt context) at or soon after `deadline`
     * on `clock`'s scale, or earlier: the caller arms again. UINT64_MAX disarms. */
    void (*timer_arm)(uint64_t deadline);

    /* Change protection of whole pages; -ENOTSUP without paging, -ENOMEM for tables. */
    int (*protect)(void *base, size_t len, enum page_prot prot);
    /* Make device memory at a physical address reachable, uncached; NULL if it cannot be. */
    void *(*map_device)(uint64_t phys, size_t len);

    /* Base of the segment that %gs selects (the C library's thread pointer). */
    void (*set_gs_base)(uintptr_t base);

    /* Leave with `code` (0 to 255), or restart the machine; never return. */
    void (*exit)(int code) __attribute__((noreturn));
    /* Leave with EXIT_PANIC where the console cannot be trusted any more, with one line of text
     * by the most direct way there is. On lguest that is the host, whose status is then 1. */
    void (*crash)(const char *text) __attribute__((noreturn));
    void (*restart)(void) __attribute__((noreturn));
};

/* ENLIST(buses, ...): kmain scans each in turn; scan() finds devices and offers them to the
 * drivers. May block, runs on the first thread. */
struct bus {
    const char *name; /* "virtio-pci" */
    void (*scan)(void);
};

/* The platform of this boot; set before kmain runs, constant afterwards. */
extern const struct platform *platform;

/*
 * An interrupt as a driver sees it: something to attach to, owned by the platform that made
 * it (a line of the 8259, an I/O APIC pin, an MSI-X message, an lguest interrupt number).
 */
struct irq_line {
    const char *name;                         /* "irq 11", for messages */
    void (*mask)(struct irq_line *, bool on); /* true: deliver nothing */
    struct irq_action *actions;
    uint64_t count; /* interrupts taken on this line */
};

/* One handler on a line; the storage is the driver's and lives until irq_detach. */
struct irq_action {
    void (*handler)(void *arg); /* interrupt context: acknowledge, defer_mark, return */
    void *arg;
    struct irq_action *next;
};

/* Add a handler and unmask the line; lines are shared, every handler of a line is called. */
void irq_attach(struct irq_line *line, struct irq_action *action);
/* Remove it; the line is masked with its last handler. Absent is not an error. */
void irq_detach(struct irq_line *line, struct irq_action *action);
/* Called by the platform's trap code for each interrupt taken, interrupts off. */
void irq_dispatch(struct irq_line *line);

/* Called by the platform's timer interrupt; `eip` and `ebp` are of the interrupted code. */
void timer_interrupt(uintptr_t eip, uintptr_t ebp);

/* Nanoseconds since kernel entry, monotonic. */
static inline uint64_t
clock_now(void)
{
    return platform->clock();
}

#define NSEC_PER_SEC  1000000000ull
#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_USEC 1000ull
#define TIME_NEVER    UINT64_MAX

#endif
