# file: drivers/virtio/ring/packed.c
# row: 1
# test: packed test_stream
# The flags are published before the rest of the descriptor.
/^chain_direct/,/^}/s/desc_write(d, .*/ACCESS_ONCE(d->flags) = flags;\n&/
