/*
 * A completion in the worst moment: after a driver has seen that the ring is empty and before
 * it has asked for interrupts again. Nobody is told of it, so only the driver's look after
 * asking can find it (checklist row 3).
 */
#ifndef TESTS_UNIT_SLIP_H
#define TESTS_UNIT_SLIP_H

#include "drivers/virtio/virtio.h"

static const struct vq_ops *slip_real;
static void (*slip_in)(void);

static bool
slip_irq_on(struct virtqueue *q)
{
    void (*once)(void) = slip_in;

    slip_in = NULL;
    if (once)
        once();
    return slip_real->irq_on(q);
}

/* The next time that `q` asks for interrupts, `complete` is called first. */
static void
slip(struct virtqueue *q, void (*complete)(void))
{
    static struct vq_ops between;

    slip_real = q->ops == &between ? slip_real : q->ops;
    between = *slip_real;
    between.irq_on = slip_irq_on;
    q->ops = &between;
    slip_in = complete;
}

#endif
