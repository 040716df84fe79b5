# file: drivers/virtio/ring/queue.c
# row: 25
# test: ring test_no_kick_before_running
# A notification before DRIVER_OK.
s/q->broken || !q->device->running/q->broken/
