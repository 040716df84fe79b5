# file: drivers/virtio/transport/pci_legacy.c
# row: 33
# test: virtio_pci test_queue_sizes
# The used ring is not on a page of its own.
s/size, VIRTIO_PCI_LEGACY_ALIGN)/size, 4)/
