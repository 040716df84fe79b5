# row: 32

# name: 32-msix-left-enabled
# file: arch/x86/pci/msix.c
# test: msix test_no_local_apic
# MSI-X that firmware left enabled stays so where nobody can use it.
s/^    set_enable(m, m->table);/    if (m->table) set_enable(m, true);/

# name: 32-msix-present-or-enabled
# file: drivers/virtio/transport/pci_legacy.c
# test: virtio_pci test_legacy_config_place
# MSI-X that is there is taken for enabled.
s/->msix.size ? VIRTIO/->msix.at ? VIRTIO/
