# file: drivers/virtio/ring/packed.c
# row: 15
# test: packed test_indirect_bytes
# NEXT beside INDIRECT.
s/return VRING_DESC_F_INDIRECT |/return VRING_DESC_F_INDIRECT | VRING_DESC_F_NEXT |/
