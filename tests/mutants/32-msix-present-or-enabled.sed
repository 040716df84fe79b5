# file: drivers/virtio/pci_legacy.c
# row: 32
# test: virtio_pci test_legacy_config_place
# MSI-X that is there is taken for enabled.
s/enabled ? CONFIG_WITH_MSIX/msix ? CONFIG_WITH_MSIX/
