# row: 34

# name: 34-above-4g
# file: drivers/virtio/transport/pci_modern.c
# test: virtio_pci test_above_4g
# A BAR above 4 GiB is cut to 32 bits.
s/bar->base + offset <= BIT(32) - length/true/

# name: 34-bar-index
# file: drivers/virtio/transport/pci_modern.c
# test: virtio_pci test_bad_capabilities
# A capability may name any BAR.
s/index >= PCI_NR_BARS || //

# name: 34-capability-length
# file: drivers/virtio/transport/pci_modern.c
# test: virtio_pci test_bad_capabilities
# A capability that is too short is read past its end.
s/len < least || //

# name: 34-config-window-offset
# file: drivers/virtio/transport/pci.c
# test: virtio_pci test_config_window
# The window in configuration space forgets where in the BAR its registers begin.
s/w->base + offset);/offset);/

# name: 34-config-window-width
# file: drivers/virtio/transport/pci.c
# test: virtio_pci test_config_window
# The window in configuration space is always told 4 bytes.
s/length), width);/length), 4);/

# name: 34-last-wins
# file: drivers/virtio/transport/pci_modern.c
# test: virtio_pci test_first_usable_wins
# The last capability of a kind wins.
s/w->len != 0 || //

# name: 34-window-length
# file: drivers/virtio/transport/pci_modern.c
# test: virtio_pci test_bad_capabilities
# A window may be shorter than its registers.
s/length < shape\[type\].least || //

# name: 34-window-wraps
# file: drivers/virtio/transport/pci_modern.c
# test: virtio_pci test_bad_capabilities
# The end of a window is computed in 32 bits.
s/length > bar->size || offset > bar->size - length/(uint32_t)(offset + length) > bar->size/
