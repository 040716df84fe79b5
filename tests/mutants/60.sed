# row: 60

# name: 60-interrupt-too-early
# file: drivers/virtio/core.c
# test: core test_interrupt_too_early
# A configuration interrupt counts before the device runs.
/^virtio_config_interrupt/,/^}/s/if (v->running)/if (v)/
/^config_work/,/^}/s/if (!v->running)/if (!v)/

# name: 60-lguest-interrupt-too-early
# file: drivers/virtio/transport/lguest.c
# test: lguest test_interrupt_before_start
# An interrupt counts whether or not the device runs.
/^queue_interrupt/,/^}/s/if (q->device->running)//
