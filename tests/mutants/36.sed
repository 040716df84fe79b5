# row: 36

# name: 36-no-intx-instead
# file: drivers/virtio/transport/pci_irq.c
# test: msix test_refused_vectors
# MSI-X stays on when every vector was refused.
s/^    msix_close(&p->msix);/    p->msix.size = 0;/

# name: 36-one-vector-for-all
# file: drivers/virtio/transport/pci_irq.c
# test: msix test_vector_for_each
# Every vector is taken to be about every queue.
s/if (v->queues\[i\]->transport_data == x)/if (x)/

# name: 36-refusal-not-read
# file: drivers/virtio/transport/pci_irq.c
# test: msix test_refused_vectors
# A vector that was written is taken for accepted.
s/return pci_window_read16(&p->common, at) == n;/return true;/

# name: 36-table-outside
# file: arch/x86/pci/msix.c
# test: msix test_bad_tables
# The end of the table is not compared with the end of its BAR.
s/size \* ENTRY_SIZE > bar.size - offset/false/

# name: 36-unmasked-change
# file: arch/x86/pci/msix.c
# test: msix test_vector_for_each
# The entry is unmasked before its message is written.
s/^    set_mask(&e->line, true);/    set_mask(\&e->line, false);/
