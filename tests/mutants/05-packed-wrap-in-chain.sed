# file: drivers/virtio/ring/packed.c
# row: 5
# test: packed test_direct_bytes
# All of a chain gets the wrap counter of its first descriptor.
/^chain_direct/,/^}/s/available(&p)/available(\&r->avail)/
