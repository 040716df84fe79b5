# file: drivers/virtio/device/block_request.c
# row: 3
# test: block an_answer_that_slips_in_is_found
# The same for an answer of a disk.
/^block_answered/,/^}/s/else if (vq_irq_on(q))/else if (vq_irq_on(q) \&\& 0)/
