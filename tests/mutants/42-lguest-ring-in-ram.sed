# file: drivers/virtio/transport/lguest.c
# row: 42
# test: lguest test_ring_on_the_page
# A ring may lie anywhere below the end of the device pages.
s/base < page + PAGE_SIZE || //
