# file: drivers/virtio/transport/pci_modern.c
# row: 34
# test: virtio_pci test_first_usable_wins
# The last capability of a kind wins.
s/w->len != 0 || //
