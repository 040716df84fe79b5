# file: drivers/virtio/transport/pci.c
# row: 37
# test: core test_line_left_up
# A line that the firmware left up is not silenced.
s/^    pci_intx(d, false);//
