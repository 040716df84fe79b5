# file: drivers/virtio/ring/split.c
# row: 3
# test: ring test_interrupts_wanted
# What slipped in is not noticed.
/^split_irq_on/,/^}/s/return .*/return false;/
