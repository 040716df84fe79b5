# file: drivers/virtio/transport/mmio.c
# row: 37
# test: mmio test_loud_status
# The interrupt handler looks until the device is silent.
s/n < INTERRUPT_LOOKS/n < UINT32_MAX/
