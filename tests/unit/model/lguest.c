/*
 * The lguest host: see lguest.h. Descriptors and rings lie in an area of the model's own behind
 * the guest's "RAM", as there.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/lguest/lguest.h"
#include "arch/x86/lguest/call.h"
#include "arch/x86/lguest/parts.h"
#include "kernel/thread.h"
#include "model/device.h"
#include "model/lguest.h"
#include "shim.h"

#define PAGE 4096u
#define AREA (LGUEST_DEVICE_PAGES * PAGE)

#define DESC_STATUS 4
#define STARTED     (VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_DRIVER_OK)

struct model_host model_host;

static uint8_t *area;
static size_t page_used;
static unsigned next_irq, next_page;
static bool initialised;

/* ---- what the platform needs of the kernel and the CPU ---- */

const char trap_stubs[TRAP_STUBS * TRAP_STUB_SIZE];
const char trap_iret[2];
void (*trap_interrupt)(unsigned n, struct trap_frame *frame);
void (*trap_return)(struct trap_frame *frame);
const volatile uint32_t *trap_fault_address;
struct gs_window gs_window;

void
trap_system_call_stub(void)
{
}

uintptr_t trap_spare_stack;

/* Page tables have a test of their own. */
void
lguest_paging_init(void)
{
}

int
lguest_protect(void *base, size_t len, enum page_prot prot)
{
    (void)base, (void)len, (void)prot;
    return 0;
}

void
cpu_set_gs(uint16_t selector)
{
    model_host.gs = selector;
}

void
cpu_fpu_found(void)
{
}

uint64_t
cpu_tsc(void)
{
    return model_host.tsc;
}

void
kernel_ask_end(void)
{
    model_host.asked++;
}

/* ---- the page ---- */

uint8_t *
model_host_page(void)
{
    return area;
}

uint8_t *
model_host_descriptor(struct model *m)
{
    return area + m->descriptor;
}

unsigned
model_host_irq(const struct model *m, unsigned queue)
{
    return m->queues[queue].irq;
}

uintptr_t
model_host_ring(const struct model *m, unsigned queue)
{
    return m->queues[queue].ring;
}

void
model_host_append(const void *bytes, size_t len)
{
    assert_true(len <= PAGE - page_used);
    memcpy(area + page_used, bytes, len);
    page_used += len;
}

static size_t
accepted_at(const struct model *m)
{
    return m->descriptor + 5 + 8 * m->setup.nr_queues + m->setup.feature_len;
}

static size_t
config_at(const struct model *m)
{
    return accepted_at(m) + m->setup.feature_len;
}

uint8_t *
model_lguest_config(const struct model *m)
{
    return area + config_at(m);
}

/* The layout of 256 entries in the original: three pages each. Larger rings take what the
 * formula for alignment 4096 says. */
static unsigned
ring_pages(unsigned entries)
{
    size_t used = (16 * (size_t)entries + 6 + 2 * entries + PAGE - 1) / PAGE * PAGE;

    return (used + 6 + 8 * (size_t)entries + PAGE - 1) / PAGE;
}

/* Rings are given out full of what an unwritten page holds: checklist row 61. */
static void
ring_poison(const struct model_queue *q)
{
    memset((void *)q->ring, SHIM_PAGE_POISON, ring_pages(q->max) * PAGE);
}

static bool
all_are(uintptr_t at, size_t len, uint8_t value)
{
    const uint8_t *bytes = (const uint8_t *)at;

    for (size_t i = 0; i < len; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

/* What the host is going to write was written by the guest, with zeros; a ring that nobody
 * touched is a queue that the driver does not use. */
static void
ring_start(struct model *m, unsigned queue)
{
    struct model_queue *q = &m->queues[queue];

    if (all_are(q->ring, ring_pages(q->max) * PAGE, SHIM_PAGE_POISON))
        return;
    if (!all_are(q->device, 6 + 8 * (size_t)q->max, 0))
        model_violation(m, "row 61: the used ring of queue %u was not written", queue);
    q->enabled = true;
}

static void
ring_new(struct model_queue *q)
{
    assert_true((next_page + ring_pages(q->max)) * PAGE <= AREA);
    q->ring = (uintptr_t)area + next_page * PAGE;
    model_queue_place(q, q->ring, q->max);
    q->irq = next_irq++;
    next_page += ring_pages(q->max);
    ring_poison(q);
}

void
model_lguest_init(struct model *m)
{
    uint8_t head[] = {m->setup.type, m->setup.nr_queues, m->setup.feature_len,
                      m->setup.config_len, 0};
    uint8_t features[2 * 255] = {0};

    memset(m->pci, 0xff, sizeof(m->pci));
    m->descriptor = page_used;
    model_host_append(head, sizeof(head));
    for (unsigned i = 0; i < m->setup.nr_queues; i++) {
        struct model_queue *q = &m->queues[i];
        ring_new(q);
        uint16_t words[] = {q->max, q->irq};
        uint32_t pfn = q->ring / PAGE;
        model_host_append(words, sizeof(words));
        model_host_append(&pfn, sizeof(pfn));
    }
    memcpy(features, &m->offered, m->setup.feature_len < 8 ? m->setup.feature_len : 8);
    memset(features + m->setup.feature_len, SHIM_PAGE_POISON, m->setup.feature_len);
    model_host_append(features, 2u * m->setup.feature_len);
    model_host_append(m->config, m->setup.config_len);
    if (m->setup.edit)
        m->setup.edit(m, area + m->descriptor, m->setup.arg);
    memcpy(m->published, area + m->descriptor, page_used - m->descriptor);
    m->published_len = page_used - m->descriptor;
}

/* ---- status ---- */

static void
rings_clear(struct model *m)
{
    for (unsigned i = 0; i < m->setup.nr_queues; i++)
        ring_poison(&m->queues[i]);
}

void
model_lguest_was_reset(struct model *m)
{
    area[m->descriptor + DESC_STATUS] = 0;
    /* The original clears the bitmap; here whatever the driver does not write stays wrong. */
    memset(area + accepted_at(m), SHIM_PAGE_POISON, m->setup.feature_len);
    rings_clear(m);
}

/* Everything but the status and the accepted bitmap is the host's to write; configuration both
 * may. */
static void
page_check(const struct model *m)
{
    const uint8_t *now = area + m->descriptor;

    for (size_t i = 0; i < m->published_len; i++) {
        size_t at = m->descriptor + i;
        if (i != DESC_STATUS && now[i] != m->published[i] && at < accepted_at(m))
            model_violation(m, "lguest: byte %zu of the descriptor was changed", i);
    }
}

static void
start(struct model *m, uint8_t status)
{
    if (m->status & VIRTIO_STATUS_DRIVER_OK) {
        model_violation(m, "lguest: features finalized twice");
        return;
    }
    if ((status & STARTED) != STARTED)
        model_violation(m, "lguest: started with status %02x", status);
    page_check(m);
    for (unsigned i = 0; i < m->setup.feature_len; i++) {
        uint8_t byte = area[accepted_at(m) + i];
        if (i < 8)
            m->accepted |= (uint64_t)byte << 8 * i;
        else if (byte)
            model_violation(m, "lguest: byte %u of the accepted features is %02x", i, byte);
    }
    m->features_written = true;
    m->status = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;
    for (unsigned i = 0; i < m->setup.nr_queues; i++)
        ring_start(m, i);
    model_features_check(m);
    m->status = status;
    m->starts++;
}

static void
status_notified(struct model *m)
{
    uint8_t status = area[m->descriptor + DESC_STATUS];

    if (status == 0) {
        model_status_write(m, 0);
        if (m->reset_until == 0)
            model_lguest_was_reset(m);
        else
            area[m->descriptor + DESC_STATUS] = m->status;
    } else if (status & VIRTIO_STATUS_FAILED) {
        m->status = status;
        m->failures++;
    } else {
        start(m, status);
    }
}

static void
kick(struct model *m, unsigned queue)
{
    if (!(m->status & VIRTIO_STATUS_DRIVER_OK))
        model_violation(m, "lguest: notification before setup");
    else
        model_notify(m, queue);
}

static bool
device_notified(struct model *m, uintptr_t address)
{
    if (m->setup.bus != MODEL_LGUEST)
        return false;
    if (address == (uintptr_t)area + m->descriptor) {
        status_notified(m);
        return true;
    }
    for (unsigned i = 0; i < m->setup.nr_queues; i++) {
        if (address != m->queues[i].ring)
            continue;
        kick(m, i);
        return true;
    }
    return false;
}

static void
notify(uintptr_t address)
{
    struct model *m;
    size_t len = strlen(model_host.console);

    for (unsigned i = 0; (m = model_at(i)); i++) {
        if (m->setup.bus == MODEL_LGUEST && m->setup.lies.spurious)
            model_interrupt(m, VIRTIO_ISR_QUEUE);
        if (device_notified(m, address))
            return;
    }
    if (address >= (uintptr_t)area && address < (uintptr_t)area + AREA)
        model_violation(NULL, "lguest: nothing at %#lx of the device area to notify",
                        (unsigned long)(address - (uintptr_t)area));
    else if (address)
        snprintf(model_host.console + len, sizeof(model_host.console) - len, "%s",
                 (const char *)address);
}

/* ---- interrupts ---- */

void
model_host_raise(unsigned irq)
{
    model_host.pending |= 1u << irq;
}

static void
write_time(void)
{
    lguest_data.time_sec = model_host.time / 1000000000;
    lguest_data.time_nsec = model_host.time % 1000000000;
}

/* One handler, from gate to iret. */
static void
handle(unsigned irq)
{
    struct trap_frame frame = {.vector = LGUEST_IRQ_VECTOR + irq,
                               .eflags = lguest_data.irq_enabled & LGUEST_IF};

    model_host.pending &= ~(1u << irq);
    if (model_host.storm) {
        model_host.storm--;
        model_host_raise(irq);
    }
    write_time();
    lguest_data.irq_enabled = 0;
    model_host.delivered++;
    if (++model_host.depth > model_host.deepest)
        model_host.deepest = model_host.depth;
    lguest_interrupt(irq, &frame);
    lguest_trap_return(&frame);
    model_host.depth--;
}

void
model_host_deliver(void)
{
    uint32_t irqs = model_host.pending & ~lguest_data.blocked_interrupts;

    if (!irqs) {
        model_host.sleeps += model_host.halted;
        model_host.halted = false;
        return;
    }
    unsigned irq = __builtin_ctz(irqs);
    if (model_host.halted) {
        lguest_data.irq_enabled = LGUEST_IF;
        model_host.halted = false;
    }
    if (!lguest_data.irq_enabled) {
        lguest_data.irq_pending = LGUEST_IF;
        return;
    }
    if (!(model_host.gates[LGUEST_IRQ_VECTOR + irq].high & 0x8000)) {
        model_violation(NULL, "lguest: interrupt %u is let in and has no gate", irq);
        return;
    }
    handle(irq);
}

/* For the shim, which lets interrupts in when its own flag says so. */
bool
model_lguest_deliver(void)
{
    unsigned before = model_host.delivered;

    if (!initialised || model_host.at_exits)
        return false;
    model_host_deliver();
    return model_host.delivered != before;
}

bool
model_lguest_waiting(void)
{
    return initialised && model_host.pending & ~lguest_data.blocked_interrupts;
}

/* ---- hypercalls ---- */

static void
init(uintptr_t data)
{
    if (data != (uintptr_t)&lguest_data)
        model_violation(NULL, "lguest: INIT with another address than lguest_data's");
    if (initialised)
        model_violation(NULL, "lguest: already have lguest_data");
    initialised = true;
    lguest_data.tsc_khz = model_host.tsc_khz;
    write_time();
}

static void
load_gate(uintptr_t vector, uint32_t low, uint32_t high)
{
    uint32_t type = high >> 8 & 0x1f;

    assert_true(vector < MODEL_HOST_GATES);
    if (high & 0x8000 && type != 0xe && type != 0xf)
        model_violation(NULL, "lguest: bad IDT type %u", type);
    model_host.gates[vector].low = low;
    model_host.gates[vector].high = high;
}

static void
shut_down(const char *text, uint32_t reason)
{
    memcpy(model_host.text, text, LGUEST_SHUTDOWN_TEXT);
    model_host.reason = reason;
    if (!model_host.shutdown)
        fail_msg("SHUTDOWN: %s", model_host.text);
    longjmp(*model_host.shutdown, 1);
}

void
lguest_call(uint32_t number, uintptr_t a, uintptr_t b, uintptr_t c)
{
    assert_true(number < MODEL_HOST_CALLS);
    if (!initialised && number != LHCALL_LGUEST_INIT)
        model_violation(NULL, "lguest: hypercall %u before INIT", number);
    model_host.calls[number]++;
    switch (number) {
    case LHCALL_LGUEST_INIT:
        init(a);
        return;
    case LHCALL_SHUTDOWN:
        shut_down((const char *)a, b);
        return;
    case LHCALL_LOAD_IDT_ENTRY:
        load_gate(a, b, c);
        break;
    case LHCALL_LOAD_GDT_ENTRY:
        if (a != LGUEST_GDT_TLS)
            model_violation(NULL, "lguest: GDT entry %lu", (unsigned long)a);
        model_host.descriptor[0] = b;
        model_host.descriptor[1] = c;
        break;
    case LHCALL_SET_CLOCKEVENT:
        if (a > UINT32_MAX)
            model_violation(NULL, "lguest: SET_CLOCKEVENT takes 32 bits");
        model_host.clockevent = a;
        break;
    case LHCALL_HALT:
        model_host.halted = true;
        break;
    case LHCALL_NOTIFY:
        notify(a);
        break;
    case LHCALL_SEND_INTERRUPTS:
        break;
    case LHCALL_SET_STACK:
        if (!(a & 3) || c > 2)
            model_violation(NULL, "lguest: bad stack segment %#lx, or pages %lu",
                            (unsigned long)a, (unsigned long)c);
        break;
    default:
        model_violation(NULL, "lguest: hypercall %u has no place here", number);
    }
    if (model_host.at_exits)
        model_host_deliver();
}

/* ---- coming up ---- */

/* At the first test of a program: an area below 4 GiB, from the next page on "behind RAM". */
static void
area_make(void)
{
    area = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1,
                0);
    if (area == MAP_FAILED) {
        perror("model: no memory below 4 GiB");
        abort();
    }
}

void
model_lguest_forget(void)
{
    initialised = false;
    memset(&model_host, 0, sizeof(model_host));
}

bool
model_lguest_ports(void)
{
    return !initialised || model_host.ports;
}

void
model_host_start(void)
{
    if (!area)
        area_make();
    memset(area, 0, AREA);
    page_used = 0;
    next_irq = next_page = 1;
    lguest_enter((uint32_t)(uintptr_t)area);
}

/* The platform comes up once in a program's life; later hosts have its gates from the start,
 * and the lines were masked with their devices. */
void
model_host_boot(void)
{
    static struct model_gate gates[MODEL_HOST_GATES];
    static bool up;

    model_host_start();
    if (!up) {
        lguest_platform.init();
        memcpy(gates, model_host.gates, sizeof(gates));
        up = true;
    }
    memcpy(model_host.gates, gates, sizeof(gates));
    lguest_data.blocked_interrupts = ~(1u << LGUEST_IRQ_TIMER | 1u << LGUEST_IRQ_TERMINATE);
    lguest_data.irq_enabled = LGUEST_IF;
    lguest_data.irq_pending = 0;
}
