# file: drivers/virtio/transport/pci_modern.c
# row: 34
# test: virtio_pci test_bad_capabilities
# A capability may name any BAR.
s/index >= PCI_NR_BARS || //
