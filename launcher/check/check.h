/*
 * What --strict and --hostile add: two tables of hooks, which the launcher calls where a guest could
 * have broken a rule, or could be lied to. Both are empty unless their option is given, so a host
 * that forgives and tells the truth needs no more to be read than HOOK(...).
 *
 * Every hook is called on the vCPU thread while the guest stands still. A rule that was broken ends
 * the launcher, with a sentence that begins with "strict: " or, on a ring, has it behind the queue.
 */
#ifndef LAUNCHER_CHECK_CHECK_H
#define LAUNCHER_CHECK_CHECK_H

#include <stdbool.h>
#include <stdint.h>

struct chain;
struct device;
struct lguest_data;
struct lguest_vqconfig;
struct queue;

/* Calls a hook, if it is there, with arguments in parentheses. */
#define HOOK(hook, arguments) \
    do {                      \
        if (hook)             \
            hook arguments;   \
    } while (0)

/* --strict: rules that this host could forgive, and another may not. */
extern struct rules {
    /* A device is started with this status, and `accepted` is as the guest wrote it. Its descriptor
     * as it lies in the device page now, and as the launcher laid it there. */
    void (*start)(const struct device *, uint8_t status, const uint8_t *now,
                  const uint8_t *then);

    /* A queue is as after power-on; it was kicked, and will be served; the request at `head` has an
     * indirect table; it is done, and goes to the used ring. */
    void (*reset)(const struct queue *);
    void (*kick)(const struct queue *);
    void (*indirect)(const struct queue *, uint16_t head);
    void (*put)(const struct queue *, uint16_t head);

    /* A buffer to receive into; a frame to send; a request for a disk. Their parts are all inside of
     * memory, and have the bytes that the launcher cannot do without: more than a header of the
     * network's; a header of the disk's, and a byte for the status. */
    void (*buffer)(const struct queue *, const struct chain *);
    void (*frame)(const struct queue *, const struct chain *);
    void (*block)(const struct queue *, const struct chain *);

    /* HALT inside the no-interrupt range; LOAD_GDT_ENTRY of one that has no effect; int n at `eip`
     * behind a gate that the original swallows; a trap or interrupt with esp there. */
    void (*halt)(uint32_t eip);
    void (*gdt)(uint32_t entry);
    void (*swallowed)(unsigned vector, uint32_t eip);
    void (*stack)(uint32_t eip, uint32_t esp);
} rules;

/* --hostile=KIND: what a guest has to survive. One kind fills one or a few of these. */
extern struct lies {
    /* In place of the honest entry in the used ring. */
    void (*use)(struct queue *, uint32_t id, uint32_t len);
    /* What the device page is about to say of a queue. */
    void (*describe)(const struct queue *, struct lguest_vqconfig *);
    /* The first device is on that page; all are (device_page_append goes on with it). */
    void (*first_listed)(void);
    void (*all_listed)(void);
    /* Any NOTIFY; before waiting for the devices, which it makes a look at them. */
    void (*notify)(void);
    void (*wait)(void);
    /* A request to a disk is not answered. */
    bool (*forget)(void);
    /* A segment of the image ends there. */
    void (*segment)(uint32_t end);
    /* The guest's timer was set, `ns` from now: by how much more it waits. */
    uint64_t (*timer)(uint32_t ns);
    /* The time of day was written. */
    void (*time)(struct lguest_data *);
} lies;

/* ---- strict.c ---- */

void strict_choose(void);

/* ---- hostile.c ---- */

/* The value of --hostile: prints and ends for "help" and mistakes. The last one counts. */
void hostile_choose(const char *kind);

#endif
