# file: drivers/virtio/ring/split.c
# row: 8
# test: ring test_illegal_ids
# An id of 32 bits is cut.
s/uint32_t id = /uint16_t id = /
