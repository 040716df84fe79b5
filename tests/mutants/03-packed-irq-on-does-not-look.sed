# file: drivers/virtio/ring/packed.c
# row: 3
# test: packed test_interrupts_wanted
# What slipped in is not noticed.
/^packed_irq_on/,/^}/s/return .*/return false;/
