# file: drivers/virtio/ring/packed.c
# row: 5
# test: packed test_wrap
# Places are masked, as if every size were a power of two.
s/^        at -= r->size;/        at \&= r->size - 1;/
