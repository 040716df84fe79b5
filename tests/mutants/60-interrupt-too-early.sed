# file: drivers/virtio/core.c
# row: 60
# test: core test_interrupt_too_early
# A configuration interrupt counts before the device runs.
/^virtio_config_interrupt/,/^}/s/if (v->running)/if (v)/
/^config_work/,/^}/s/if (!v->running)/if (!v)/
