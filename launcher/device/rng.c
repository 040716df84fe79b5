/*
 * Entropy: every buffer is filled from the host's generator, which does not block once the
 * machine has been up for moments.
 */
#include <errno.h>
#include <sys/random.h>
#include "launcher/device/device.h"
#include "launcher/launcher.h"

/* One request gets at most this much; a driver asks again (virtio 1.2, 5.4.6). */
#define AT_ONCE 4096

static uint32_t
fill(const struct chain *c)
{
    uint32_t filled = 0;
    for (unsigned i = 0; i < c->nr_in && filled < AT_ONCE; i++) {
        size_t len = c->parts[i].iov_len;
        if (len > AT_ONCE - filled)
            len = AT_ONCE - filled;
        ssize_t n = getrandom(c->parts[i].iov_base, len, 0);
        if (n < 0)
            break;
        filled += n;
    }
    return filled;
}

static void
serve(struct queue *q)
{
    static struct chain c;
    while (ring_peek(q, &c)) {
        if (c.nr_out)
            ring_violation(q, "a readable descriptor in an entropy request");
        if (c.in_len == 0)
            ring_violation(q, "an entropy request without room");
        ring_take(q, &c);
        uint32_t n = fill(&c);
        q->device->bytes_in += n;
        ring_put(q, c.head, n);
    }
    ring_interrupt(q);
}

static const struct device_ops rng = {.serve = serve};

void
rng_open(void)
{
    device_new(&rng, VIRTIO_ID_ENTROPY, 1);
}
