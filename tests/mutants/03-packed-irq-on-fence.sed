# file: drivers/virtio/ring/packed.c
# row: 3
# test: packed_lto test_irq_on_litmus
# Interrupts on again, looked without a full fence.
/^packed_irq_on/,/^}/s/barrier_full/barrier_write/
