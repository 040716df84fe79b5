# row: 33

# name: 33-legacy-alignment
# file: drivers/virtio/transport/pci_legacy.c
# test: virtio_pci test_queue_sizes
# The used ring is not on a page of its own.
s/size, VIRTIO_PCI_LEGACY_ALIGN)/size, 4)/
