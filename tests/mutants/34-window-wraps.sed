# file: drivers/virtio/transport/pci_modern.c
# row: 34
# test: virtio_pci test_bad_capabilities
# The end of a window is computed in 32 bits.
s/length > bar->size || offset > bar->size - length/(uint32_t)(offset + length) > bar->size/
