# row: 22

# name: 22-high-half
# file: drivers/virtio/transport/pci_modern.c
# test: core test_bring_up
# Both halves of the features go to the first.
/COMMON(driver_feature_select), 1)/d

# name: 22-shift-of-32-bits
# file: drivers/virtio/virtio.h
# test: features test_negotiated_counts
# A feature test with 32 bits.
s/v->negotiated >> bit & 1/(uint32_t)v->negotiated >> (bit \& 31) \& 1/
