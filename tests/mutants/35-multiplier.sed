# file: drivers/virtio/transport/pci_modern.c
# row: 35
# test: virtio_pci test_modern_places
# The notify multiplier is taken for granted.
s/at \*= p->notify_multiplier;/at *= 4;/
