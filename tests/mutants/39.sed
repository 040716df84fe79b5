# row: 39

# name: 39-type-of-transitional
# file: drivers/virtio/transport/pci.c
# test: virtio_pci test_ids
# The type of a transitional device is taken from its id.
s/return d->subsystem;/return d->device - VIRTIO_PCI_DEVICE_TRANSITIONAL + 1;/
