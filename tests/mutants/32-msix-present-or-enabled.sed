# file: drivers/virtio/transport/pci_legacy.c
# row: 32
# test: virtio_pci test_legacy_config_place
# MSI-X that is there is taken for enabled.
s/->msix.size ? VIRTIO/->msix.at ? VIRTIO/
