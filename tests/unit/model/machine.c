/*
 * The model's machine: which devices are plugged in, interrupt lines, time, and the book of
 * violations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "arch/x86/irq/lines.h"
#include "arch/x86/pc/pc.h"
#include "arch/x86/irq/pic.h"
#include "drivers/virtio/ring/ring.h"
#include "kernel/boot_info.h"
#include "kernel/kernel.h"
#include "model/device.h"
#include "shim.h"

#define INTX_OFF 0x0400
/* So many interrupts from one line that nobody silences. */
#define STORM 1000

struct boot_info boot_info;

static struct model *plugged[MODEL_MAX_DEVICES];
static unsigned nr_plugged;
static struct irq_line lines[PIC_LINES];
static bool masked[PIC_LINES];
static unsigned storm[PIC_LINES];
static char violations[16][128];
static unsigned nr_violations;
static bool serving;

bool model_offers_packed;

struct model *
model_at(unsigned index)
{
    return index < nr_plugged ? plugged[index] : NULL;
}

/* ---- violations ---- */

void
model_violation(const struct model *m, const char *format, ...)
{
    char text[96];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    if (nr_violations < ARRAY_SIZE(violations))
        snprintf(violations[nr_violations], sizeof(violations[0]), "slot %u: %s",
                 m ? m->slot : 0, text);
    nr_violations++;
}

unsigned
model_violations(void)
{
    return nr_violations;
}

bool
model_violated(const char *text)
{
    for (unsigned i = 0; i < MIN(nr_violations, ARRAY_SIZE(violations)); i++)
        if (strstr(violations[i], text))
            return true;
    return false;
}

void
model_assert_clean(void)
{
    for (unsigned i = 0; i < MIN(nr_violations, ARRAY_SIZE(violations)); i++)
        print_error("violation: %s\n", violations[i]);
    if (nr_violations)
        fail_msg("%u violations of the virtio specification", nr_violations);
}

/* ---- plugging ---- */

/* A device that was found lives for ever, and its driver's memory with it; the next test
 * forgets both. So what is not given back is no leak here: shim_memory_live() counts. */
const char *
__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* What the drivers of an earlier test left behind must not run any more. */
static void
forget_devices(void)
{
    struct virtio_device *v;

    while ((v = virtio_device_next(NULL))) {
        list_remove(&v->link);
        defer_cancel(&v->config_work);
        for (unsigned i = 0; i < v->nr_queues; i++) {
            defer_cancel(&v->queues[i]->work);
            /* Interrupts of lguest have one owner. */
            if (v->transport->name && strcmp(v->transport->name, "lguest") == 0)
                queue_release(v->queues[i]);
        }
        v->running = false;
    }
}

void
model_machine_reset(void)
{
    forget_devices();
    model_lguest_forget();
    model_msix_forget();
    model_mmio_forget();
    while (nr_plugged)
        free(plugged[--nr_plugged]);
    memset(lines, 0, sizeof(lines));
    memset(storm, 0, sizeof(storm));
    memset(masked, true, sizeof(masked));
    nr_violations = 0;
    serving = false;
    shim_log_clear();
    shim_memory_forget();
    shim_clock_step(NSEC_PER_USEC);
}

struct model *
model_new(const struct model_setup *setup)
{
    assert_true(nr_plugged < MODEL_MAX_DEVICES);
    struct model *m = calloc(1, sizeof(*m));
    assert_non_null(m);
    m->setup = *setup;
    m->slot = nr_plugged + 1;
    m->offered = setup->features;
    m->by_ports = setup->bus == MODEL_PCI_LEGACY || setup->bus == MODEL_LGUEST ||
                  setup->bus == MODEL_MMIO_1;
    if (model_modern(m) && !setup->no_version_1)
        m->offered |= BIT(VIRTIO_F_VERSION_1);
    if (model_offers_packed && (setup->bus == MODEL_PCI_MODERN || setup->bus == MODEL_MMIO_2))
        m->offered |= BIT(VIRTIO_F_RING_PACKED);
    if (setup->config)
        memcpy(m->config, setup->config, setup->config_len);
    unsigned usual = setup->bus == MODEL_LGUEST ? LGUEST_VRING_SIZE : 64;
    for (unsigned i = 0; i < setup->nr_queues; i++)
        m->queues[i].max = m->queues[i].size =
            setup->queue_size[i] ? setup->queue_size[i] : usual;
    if (setup->bus == MODEL_LGUEST)
        model_lguest_init(m);
    else if (!model_mmio(m))
        model_pci_init(m);
    plugged[nr_plugged++] = m;
    return m;
}

/* ---- interrupts ---- */

static void
line_mask(struct irq_line *line, bool on)
{
    masked[line - lines] = on;
}

struct irq_line *
pic_line(unsigned irq)
{
    if (irq == 0 || irq == 2 || irq >= PIC_LINES)
        return NULL;
    lines[irq].name = "irq";
    lines[irq].mask = line_mask;
    return &lines[irq];
}

struct irq_line *
lines_intx(unsigned irq)
{
    return pic_line(irq);
}

struct irq_line *
pc_gsi_line(unsigned gsi, bool level)
{
    (void)level;
    return pic_line(gsi);
}

/* Level-triggered: up while any device on it has something in its ISR. Of mmio devices only
 * the edge counts, which is the harder case. */
static bool
line_up(unsigned irq)
{
    for (unsigned i = 0; i < nr_plugged; i++) {
        if (model_mmio(plugged[i])) {
            if (plugged[i]->edge && model_mmio_irq(plugged[i]) == irq)
                return true;
            continue;
        }
        if (plugged[i]->pci[0x3c] == irq && plugged[i]->isr &&
            !model_msix_enabled(plugged[i]) && !(model_pci_command(plugged[i]) & INTX_OFF))
            return true;
    }
    return false;
}

static void
edges_take(unsigned irq)
{
    for (unsigned i = 0; i < nr_plugged; i++)
        if (model_mmio(plugged[i]) && model_mmio_irq(plugged[i]) == irq)
            plugged[i]->edge = false;
}

/* Called by the shim with interrupts off; true if something was delivered. */
bool
model_irq_deliver(void)
{
    bool any = false;

    for (unsigned irq = 0; irq < PIC_LINES; irq++) {
        if (masked[irq] || !line_up(irq)) {
            storm[irq] = 0;
            continue;
        }
        if (++storm[irq] > STORM) {
            model_violation(NULL, "4.1.4.5: nobody silences interrupt line %u", irq);
            masked[irq] = true;
            continue;
        }
        edges_take(irq);
        irq_dispatch(&lines[irq]);
        any = true;
    }
    any |= model_msix_deliver();
    return model_lguest_deliver() || any;
}

/* ---- time ---- */

static bool
serve_one(struct model *m, unsigned queue)
{
    struct model_queue *q = &m->queues[queue];

    if (!q->pending || !q->enabled || !(m->status & VIRTIO_STATUS_DRIVER_OK))
        return false;
    q->pending = false;
    if (m->setup.serve && !m->setup.lies.never_serve)
        m->setup.serve(m, queue, m->setup.arg);
    return true;
}

static bool
devices_work(void)
{
    bool any = false;

    if (serving)
        return false;
    serving = true;
    for (unsigned i = 0; i < nr_plugged; i++) {
        model_reset_progress(plugged[i]);
        for (unsigned q = 0; q < plugged[i]->setup.nr_queues; q++)
            any |= serve_one(plugged[i], q);
    }
    serving = false;
    return any;
}

void
model_devices(void)
{
    devices_work();
}

static bool
lines_waiting(void)
{
    for (unsigned irq = 0; irq < PIC_LINES; irq++)
        if (!masked[irq] && line_up(irq))
            return true;
    return model_msix_waiting() || model_lguest_waiting();
}

void
model_run(void)
{
    /* Two quiet rounds in a row: deferred work of the first may have kicked again. */
    for (unsigned quiet = 0, rounds = 0; quiet < 2; rounds++) {
        bool moved = devices_work() || lines_waiting();
        platform->irq_restore(true);
        defer_run();
        quiet = moved ? 0 : quiet + 1;
        if (rounds > 100000)
            fail_msg("the devices and their drivers never come to rest");
    }
}
