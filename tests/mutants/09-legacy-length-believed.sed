# file: drivers/virtio/device/block_request.c
# row: 9
# test: block a_legacy_device_may_say_any_length
# Lengths of legacy devices count too.
/^verdict/,/^}/s/virtio_has(b->v, VIRTIO_F_VERSION_1)/1/
