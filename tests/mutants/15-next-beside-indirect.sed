# file: drivers/virtio/ring/split.c
# row: 15
# test: ring test_indirect_bytes
# NEXT beside INDIRECT.
s/VRING_DESC_F_INDIRECT, 0)/VRING_DESC_F_INDIRECT | VRING_DESC_F_NEXT, 0)/
