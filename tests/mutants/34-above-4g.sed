# file: drivers/virtio/transport/pci_modern.c
# row: 34
# test: virtio_pci test_above_4g
# A BAR above 4 GiB is cut to 32 bits.
s/bar->base + offset <= BIT(32) - length/true/
