# row: 6

# name: 06-packed-size
# file: drivers/virtio/ring/packed.c
# test: packed test_impossible_sizes
# Any size is taken.
s/ && size <= VRING_SIZE_MAX//

# name: 06-size-not-power-of-2
# file: drivers/virtio/ring/split.c
# test: ring test_impossible_sizes
# Any size is taken.
s/ && (size & (size - 1)) == 0//
