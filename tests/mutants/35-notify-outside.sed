# file: drivers/virtio/transport/pci_modern.c
# row: 35
# test: virtio_pci test_notify_outside
# A notification may go anywhere.
s/if (at + sizeof(uint16_t) > p->notify.len)/if (false)/
