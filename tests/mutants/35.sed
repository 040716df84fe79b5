# row: 35

# name: 35-multiplier
# file: drivers/virtio/transport/pci_modern.c
# test: virtio_pci test_modern_places
# The notify multiplier is taken for granted.
s/at \*= p->notify_multiplier;/at *= 4;/

# name: 35-notify-outside
# file: drivers/virtio/transport/pci_modern.c
# test: virtio_pci test_notify_outside
# A notification may go anywhere.
s/if (at + sizeof(uint16_t) > p->notify.len)/if (false)/
