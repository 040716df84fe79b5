# file: drivers/virtio/ring/split.c
# row: 6
# test: ring test_impossible_sizes
# Any size is taken.
s/ && (size & (size - 1)) == 0//
