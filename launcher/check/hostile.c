/*
 * --hostile=KIND: a host that lies, for tests of guests. Each kind is a row of the table at the end,
 * with the hooks that it fills. What the lies are made with (an entry of a used ring, bytes of the
 * device page, an interrupt) are the launcher's own means.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "launcher/check/check.h"
#include "launcher/device/device.h"
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define DIRT      0xcc
#define LONG_WAIT 500000000        /* ns; the clock waits for somebody who sleeps that long */
#define HOUR      3600000000000ull /* ns */

struct lies lies;

/* ---- used rings ---- */

static void
use_unknown_id(struct queue *q, uint32_t id, uint32_t len)
{
    ring_use(q, id + LGUEST_VRING_SIZE, len);
}

static void
use_twice(struct queue *q, uint32_t id, uint32_t len)
{
    ring_use(q, id, len);
    ring_use(q, id, len);
}

static void
use_and_jump(struct queue *q, uint32_t id, uint32_t len)
{
    ring_use(q, id, len);
    q->used->idx = q->used_idx += 2 * LGUEST_VRING_SIZE;
}

static void
use_too_much(struct queue *q, uint32_t id, uint32_t len)
{
    (void)len;
    ring_use(q, id, UINT32_MAX);
}

/* ---- the device page ---- */

static void
size_zero(const struct queue *q, struct lguest_vqconfig *config)
{
    (void)q;
    config->num = 0;
}

static void
size_odd(const struct queue *q, struct lguest_vqconfig *config)
{
    (void)q;
    config->num = 100;
}

/* The first device's line for every second queue; the timer's, or one that there is not. */
static void
bad_irq(const struct queue *q, struct lguest_vqconfig *config)
{
    config->irq = q->index ? 1 : q->irq % 2 ? 0 : 77;
}

/* An entry that a guest has to step over... */
static void
list_unknown(void)
{
    static const uint8_t entry[] = {77, 0, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7};
    device_page_append(entry, sizeof(entry));
}

/* ...and behind the last device no end, but entries up to one that leaves the page. */
static void
list_endlessly(void)
{
    static const uint8_t unknown[LGUEST_DESC_HEADER + 255] = {77, 0, 0, 255, 0};
    static const uint8_t too_long[LGUEST_DESC_HEADER] = {VIRTIO_ID_ENTROPY, 255, 255, 255, 0};
    while (device_page_room() >= sizeof(unknown) + sizeof(too_long))
        device_page_append(unknown, sizeof(unknown));
    device_page_append(too_long, sizeof(too_long));
}

/* ---- disks ---- */

static bool
forget(void)
{
    return true;
}

/* ---- interrupts that nothing caused: before a device is started, and after it was reset ---- */

static uint32_t lines; /* of all queues */

static void
remember_line(const struct queue *q, struct lguest_vqconfig *config)
{
    (void)config;
    lines |= 1u << q->irq;
}

static void
interrupt_all(void)
{
    for (uint32_t rest = lines; rest; rest &= rest - 1)
        interrupt_raise(__builtin_ctz(rest));
}

/* ---- memory ---- */

/* The original maps whole pages of the file: what follows there lies behind the data. */
static void
dirty(uint32_t end)
{
    memset(memory_at(end, -end % PAGE), DIRT, -end % PAGE);
}

/* ---- the clock: an hour back, once, and the timer goes by it ---- */

static bool set_back;

/* As the original's, which has set its timer by the time of day. */
static uint64_t
wait_longer(uint32_t ns)
{
    if (ns < LONG_WAIT || set_back)
        return 0;
    set_back = true;
    return HOUR;
}

static void
tell_earlier(struct lguest_data *data)
{
    if (set_back)
        data->time_sec -= HOUR / 1000000000;
}

/* ---- the kinds ---- */

static const struct {
    const char *name, *what;
    struct lies lies;
} kinds[] = {
    {"used-id", "used ids that no request has", {.use = use_unknown_id}},
    {"used-twice", "every request is completed twice", {.use = use_twice}},
    {"used-idx", "the used index jumps", {.use = use_and_jump}},
    {"used-len", "more bytes used than offered", {.use = use_too_much}},
    {"size-zero", "queues of no entries", {.describe = size_zero}},
    {"size-odd", "queues of 100 entries", {.describe = size_odd}},
    {"irq", "interrupt lines that cannot be", {.describe = bad_irq}},
    {"silent", "disks that never answer", {.forget = forget}},
    {"spurious",
     "interrupts that nothing caused, at each notify and in HALT",
     {.describe = remember_line, .notify = interrupt_all, .wait = interrupt_all}},
    {"dirty", "memory behind the image's segments is not zero", {.segment = dirty}},
    {"page",
     "strange entries in the device page",
     {.first_listed = list_unknown, .all_listed = list_endlessly}},
    {"clock",
     "a clock that is set back, and timers go by it",
     {.timer = wait_longer, .time = tell_earlier}},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static _Noreturn void
list_and_leave(void)
{
    for (unsigned i = 0; i < KINDS; i++) {
        char line[80];
        snprintf(line, sizeof(line), "%-14s%s\n", kinds[i].name, kinds[i].what);
        write_all(STDOUT_FILENO, line, strlen(line));
    }
    leave(0);
}

void
hostile_choose(const char *kind)
{
    for (unsigned i = 0; i < KINDS; i++) {
        if (strcmp(kind, kinds[i].name) == 0) {
            lies = kinds[i].lies;
            return;
        }
    }
    if (strcmp(kind, "help") == 0)
        list_and_leave();
    usage_error("--hostile=%s is unknown: --hostile=help lists the kinds", kind);
}
