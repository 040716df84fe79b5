# file: drivers/virtio/ring/packed.c
# row: 6
# test: packed test_impossible_sizes
# Any size is taken.
s/ && size <= VRING_SIZE_MAX//
