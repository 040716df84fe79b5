# file: drivers/virtio/transport/pci_irq.c
# row: 36
# test: msix test_refused_vectors
# A vector that was written is taken for accepted.
s/return pci_window_read16(&p->common, at) == n;/return true;/
