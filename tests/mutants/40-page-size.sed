# file: drivers/virtio/transport/mmio.c
# row: 40
# test: core test_bring_up
# Version 1 is not told the page size.
/VIRTIO_MMIO_GUEST_PAGE_SIZE, PAGE_SIZE/d
