# row: 3

# name: 03-block-answer
# file: drivers/virtio/device/block_request.c
# test: block an_answer_that_slips_in_is_found
# The same for an answer of a disk.
/^block_answered/,/^}/s/else if (vq_irq_on(q))/else if (vq_irq_on(q) \&\& 0)/

# name: 03-console-input
# file: drivers/virtio/device/console.c
# test: console input_that_slips_in_is_found
# The same for a typed character.
/^input_arrived/,/^}/s/if (vq_irq_on(q))/if (vq_irq_on(q) \&\& 0)/

# name: 03-console-output
# file: drivers/virtio/device/console.c
# test: console output_that_slips_in_is_found
# What the device takes between the look and the wish for an interrupt is seen by nobody.
/^await_output/,/^}/s/    if (more)/    if (more \&\& 0)/

# name: 03-irq-on-does-not-look
# file: drivers/virtio/ring/split.c
# test: ring test_interrupts_wanted
# What slipped in is not noticed.
/^split_irq_on/,/^}/s/return .*/return false;/

# name: 03-irq-on-fence
# file: drivers/virtio/ring/split.c
# test: ring test_irq_on_litmus
# Interrupts on again, looked without a full fence.
/^split_irq_on/,/^}/s/barrier_full/barrier_write/

# name: 03-net-receive
# file: drivers/virtio/device/net_frames.c
# test: net_life what_slips_in_is_found
# A frame that came in before the interrupt was on waits for the next one.
/^net_rx_arrived/,/^}/s/if (vq_irq_on(q))/if (vq_irq_on(q) \&\& 0)/

# name: 03-net-transmit
# file: drivers/virtio/device/net_frames.c
# test: net_life what_slips_in_is_found
# The same for a frame that was sent.
/^net_tx_sent/,/^}/{/in_flight > 0/d;s/defer_mark(.*/vq_irq_on(q);/}

# name: 03-packed-irq-on-does-not-look
# file: drivers/virtio/ring/packed.c
# test: packed test_interrupts_wanted
# What slipped in is not noticed.
/^packed_irq_on/,/^}/s/return .*/return false;/

# name: 03-packed-irq-on-fence
# file: drivers/virtio/ring/packed.c
# test: packed_lto test_irq_on_litmus
# Interrupts on again, looked without a full fence.
/^packed_irq_on/,/^}/s/barrier_full/barrier_write/
