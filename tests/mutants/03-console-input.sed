# file: drivers/virtio/device/console.c
# row: 3
# test: console input_that_slips_in_is_found
# The same for a typed character.
/^input_arrived/,/^}/s/if (vq_irq_on(q))/if (vq_irq_on(q) \&\& 0)/
