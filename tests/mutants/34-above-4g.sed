# file: drivers/virtio/transport/pci_modern.c
# row: 34
# test: virtio_pci test_above_4g
# A BAR above 4 GiB is cut to 32 bits.
s/bar->base + offset <= (UINT64_C(1) << 32) - length/true/
