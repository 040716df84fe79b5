# file: drivers/virtio/transport/mmio.c
# row: 37
# test: mmio test_late_status
# One look at the interrupt status, though the line may be taken by its edge.
s/#define INTERRUPT_LOOKS 16/#define INTERRUPT_LOOKS 1/
s/defer_mark(.*look_again);/(void)v;/
