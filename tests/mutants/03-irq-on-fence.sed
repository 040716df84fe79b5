# file: drivers/virtio/ring/split.c
# row: 3
# test: ring test_irq_on_litmus
# Interrupts on again, looked without a full fence.
/^split_irq_on/,/^}/s/barrier_full/barrier_write/
