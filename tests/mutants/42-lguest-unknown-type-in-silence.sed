# file: drivers/virtio/transport/lguest.c
# row: 42
# test: lguest test_unknown_types
# A device that nobody serves is taken without a word.
s/desc->type > VIRTIO_ID_ENTROPY/desc->type > 255/
