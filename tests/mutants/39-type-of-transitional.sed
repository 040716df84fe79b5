# file: drivers/virtio/transport/pci.c
# row: 39
# test: virtio_pci test_ids
# The type of a transitional device is taken from its id.
s/return d->subsystem;/return d->device - VIRTIO_PCI_DEVICE_TRANSITIONAL + 1;/
