# file: drivers/virtio/ring/packed.c
# row: 5
# test: packed test_wrap
# The wrap counter does not turn over.
/p->wrap = !p->wrap;/d
