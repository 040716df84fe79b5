# file: drivers/virtio/transport/pci.c
# row: 34
# test: virtio_pci test_config_window
# The window in configuration space is always told 4 bytes.
s/length), width);/length), 4);/
