# file: drivers/virtio/transport/pci_irq.c
# row: 30
# test: core test_config_interrupt
# Nobody is told of a configuration change.
/isr & VIRTIO_ISR_CONFIG/,+1d
