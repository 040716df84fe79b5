/*
 * How a virtio PCI function interrupts (virtio 1.2, 4.1.4.3, 4.1.5.1.2): by MSI-X, with a
 * vector for each queue and one for configuration changes, or by INTx, which is one line for
 * everything and often for other devices too.
 *
 * A device may refuse a vector, which reads back as NO_VECTOR. Then its queue shares one that
 * was accepted, and if there is none MSI-X is given up for INTx.
 */
#include "drivers/virtio/transport/pci.h"
#include "drivers/virtio/ring/ring.h"
#include "kernel/kernel.h"

#define CONFIG_VECTOR 0 /* that of queue n is n + 1 */

/* ---- MSI-X ---- */

/* No ISR is read here: it only says what the vector's number says (4.1.4.5). */
static void
message_handler(void *arg)
{
    struct pci_vector *x = arg;
    struct virtio_device *v = &x->p->v;

    v->interrupts++;
    if (!v->running)
        return; /* rings exist between bring-up and reset only */
    for (unsigned i = 0; i < v->nr_queues; i++)
        if (v->queues[i]->transport_data == x)
            queue_mark(v->queues[i]);
    if (x == &x->p->vectors[CONFIG_VECTOR])
        virtio_config_interrupt(v);
}

/* Have the device use vector `n` for what the register at `at` is about; false if it refuses,
 * or there is no such vector. */
static bool
vector_take(struct virtio_pci *p, uint32_t at, unsigned n)
{
    if (n >= ARRAY_SIZE(p->vectors) || n >= p->msix.size)
        return false;
    struct pci_vector *x = &p->vectors[n];
    if (!x->line)
        x->line = msix_line(&p->msix, n);
    if (!x->line)
        return false;
    x->p = p;
    x->action.handler = message_handler;
    x->action.arg = x;
    pci_window_write16(&p->common, at, n);
    return pci_window_read16(&p->common, at) == n;
}

static void
messages_give_up(struct virtio_pci *p)
{
    log_warn("%s: virtio %s refuses its interrupt vectors; it goes on with INTx", p->v.where,
             virtio_type_name(p->v.type));
    msix_close(&p->msix);
}

void
virtio_pci_queue_vector(struct virtio_pci *p, struct virtqueue *q)
{
    const unsigned choices[] = {q->index + 1u, 1, CONFIG_VECTOR};

    if (!p->msix.size)
        return;
    for (unsigned i = 0; i < ARRAY_SIZE(choices); i++) {
        if (!vector_take(p, p->queue_vector, choices[i]))
            continue;
        q->transport_data = &p->vectors[choices[i]];
        return;
    }
    messages_give_up(p);
}

/* ---- INTx ---- */

/*
 * INTx lines are shared and level-triggered: reading the ISR register both says what happened
 * and lets go of the line (4.1.4.5), so it is read every time, exactly once.
 */
static void
intx_handler(void *arg)
{
    struct virtio_pci *p = arg;
    uint8_t isr = pci_window_read8(&p->isr, 0);

    if (isr & VIRTIO_ISR_QUEUE)
        virtio_queue_interrupt(&p->v);
    if (isr & VIRTIO_ISR_CONFIG)
        virtio_config_interrupt(&p->v);
}

static int
intx_start(struct virtio_pci *p)
{
    p->irq = pci_irq(&p->pci);
    if (!p->irq)
        return -ENXIO;
    p->action.handler = intx_handler;
    p->action.arg = p;
    irq_attach(p->irq, &p->action);
    pci_intx(&p->pci, true);
    return 0;
}

/* ---- either ---- */

void
virtio_pci_irq_open(struct virtio_pci *p)
{
    int error = msix_open(&p->pci, &p->msix);

    if (error == 0 && p->common.len < p->queue_vector + sizeof(uint16_t))
        msix_close(&p->msix); /* a legacy block of ports without the vectors */
    if (error == -EINVAL)
        log_warn("%s: virtio %s has an MSI-X table that cannot be used; it goes on with INTx",
                 p->v.where, virtio_type_name(p->v.type));
}

int
virtio_pci_start(struct virtio_device *v)
{
    struct virtio_pci *p = (struct virtio_pci *)v;

    if (p->msix.size && !vector_take(p, p->config_vector, CONFIG_VECTOR))
        messages_give_up(p);
    if (!p->msix.size)
        return intx_start(p);
    for (unsigned i = 0; i < ARRAY_SIZE(p->vectors); i++)
        if (p->vectors[i].line)
            irq_attach(p->vectors[i].line, &p->vectors[i].action);
    return 0;
}

void
virtio_pci_stop(struct virtio_device *v)
{
    struct virtio_pci *p = (struct virtio_pci *)v;

    for (unsigned i = 0; i < ARRAY_SIZE(p->vectors); i++)
        if (p->vectors[i].line)
            irq_detach(p->vectors[i].line, &p->vectors[i].action);
    if (p->irq) {
        pci_intx(&p->pci, false);
        irq_detach(p->irq, &p->action);
    }
}
