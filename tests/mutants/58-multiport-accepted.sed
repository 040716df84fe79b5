# file: drivers/virtio/device/console.c
# row: 58
# test: console multiport_is_not_taken_and_two_queues_suffice
# MULTIPORT is accepted without its control queues.
s/^    \.features = /    .features = 1u << VIRTIO_CONSOLE_F_MULTIPORT | /
