# file: drivers/virtio/transport/pci_irq.c
# row: 36
# test: msix test_refused_vectors
# MSI-X stays on when every vector was refused.
s/^    msix_close(&p->msix);/    p->msix.size = 0;/
