# row: 42

# name: 42-lguest-aligned
# file: drivers/virtio/transport/lguest.c
# test: lguest test_unaligned
# Descriptors are taken to begin at multiples of 4.
s/return size <= left ? size : 0;/return size <= left ? (size + 3) \& ~(size_t)3 : 0;/

# name: 42-lguest-bitmap-half-written
# file: drivers/virtio/transport/lguest.c
# test: lguest test_feature_lengths
# Only the bytes of the bits that were accepted are written.
/^lguest_set_features/,/^}/s/i < d->feature_len/i < MIN(d->feature_len, 4u)/

# name: 42-lguest-failed-in-silence
# file: drivers/virtio/transport/lguest.c
# test: lguest test_probe_fails
# FAILED is written and not notified.
/VIRTIO_STATUS_FAILED/,/}/s/lguest_notify(.*);/;/

# name: 42-lguest-length-read-again
# file: drivers/virtio/transport/lguest.c
# test: lguest test_page_changes
# What the page says of lengths is believed again each time.
s/d->config_len/d->desc->config_len/g

# name: 42-lguest-reset-in-silence
# file: drivers/virtio/transport/lguest.c
# test: lguest test_reset_and_again
# A reset that the host does not hear of.
/^lguest_set_status/,/started = false/s/lguest_notify(.*);/;/

# name: 42-lguest-ring-in-ram
# file: drivers/virtio/transport/lguest.c
# test: lguest test_ring_on_the_page
# A ring may lie anywhere below the end of the device pages.
s/base < page + PAGE_SIZE || //

# name: 42-lguest-ring-past-end
# file: drivers/virtio/transport/lguest.c
# test: lguest test_bad_queues
# The ring begins inside of the device pages, and that is that.
/base - page > DEVICE_AREA/{N;s/ ||\n.*)$/)/;s/DEVICE_AREA ||.*/DEVICE_AREA)/}

# name: 42-lguest-rings-overlap
# file: drivers/virtio/transport/lguest.c
# test: lguest test_bad_queues
# Two queues in one place.
/^overlaps/,/^}/s/return base/return size == 0 \&\& base/

# name: 42-lguest-second-start
# file: drivers/virtio/transport/lguest.c
# test: lguest test_one_start
# Each later status is a start to the host.
s/ && !d->started//

# name: 42-lguest-shared-interrupt
# file: arch/x86/lguest/irq.c
# test: lguest test_bad_queues
# An interrupt has as many owners as want it.
/claimed >> irq/d;/return -EBUSY/d

# name: 42-lguest-timer-for-a-queue
# file: arch/x86/lguest/irq.c
# test: lguest test_bad_queues
# A queue is given the interrupt of the timer.
s/irq == LGUEST_IRQ_TIMER || irq >= LGUEST_IRQS/irq >= LGUEST_IRQS/;s/claimed = 1u << LGUEST_IRQ_TIMER/claimed/

# name: 42-lguest-unknown-type-in-silence
# file: drivers/virtio/transport/lguest.c
# test: lguest test_unknown_types
# A device that nobody serves is taken without a word.
s/desc->type > VIRTIO_ID_ENTROPY/desc->type > 255/

# name: 42-lguest-walk-past-page
# file: drivers/virtio/transport/lguest.c
# test: lguest test_leaves_the_page
# A descriptor may reach over the end of the page.
s/return size <= left ? size : 0;/return size;/
