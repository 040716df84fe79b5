# file: drivers/virtio/ring/packed.c
# row: 9
# test: packed test_used_len
# More was written than was offered, and it is believed.
s/\*len = ring_chain_written(.*, \(ACCESS_ONCE(.*)\));/*len = \1;/
