# file: drivers/virtio/transport/pci_modern.c
# row: 22
# test: core test_bring_up
# Both halves of the features go to the first.
/COMMON(driver_feature_select), 1)/d
