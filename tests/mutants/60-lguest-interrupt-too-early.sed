# file: drivers/virtio/transport/lguest.c
# row: 60
# test: lguest test_interrupt_before_start
# An interrupt counts whether or not the device runs.
/^queue_interrupt/,/^}/s/if (q->device->running)//
