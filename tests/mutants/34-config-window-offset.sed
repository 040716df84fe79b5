# file: drivers/virtio/transport/pci.c
# row: 34
# test: virtio_pci test_config_window
# The window in configuration space forgets where in the BAR its registers begin.
s/w->base + offset);/offset);/
