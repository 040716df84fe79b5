# file: drivers/virtio/transport/pci_irq.c
# row: 36
# test: msix test_vector_for_each
# Every vector is taken to be about every queue.
s/if (v->queues\[i\]->transport_data == x)/if (x)/
