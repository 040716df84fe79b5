# file: drivers/virtio/transport/pci_modern.c
# row: 34
# test: virtio_pci test_bad_capabilities
# A capability that is too short is read past its end.
s/len < least || //
