# row: 1

# name: 01-index-before-entry
# file: drivers/virtio/ring/split.c
# test: ring test_stream
# The index is published before the entry that it covers.
/ACCESS_ONCE(r->avail->ring\[/d
s/ACCESS_ONCE(r->avail->idx) = ++r->avail_idx;/ACCESS_ONCE(r->avail->idx) = r->avail_idx + 1;\n    ACCESS_ONCE(r->avail->ring[r->avail_idx++ \& r->mask]) = head;/

# name: 01-packed-first-flags-first
# file: drivers/virtio/ring/packed.c
# test: packed test_direct_bytes
# The first descriptor of a chain is never made available.
/^publish/,/^}/s/ACCESS_ONCE(r->desc\[r->avail.at\].flags) = flags;/(void)flags;/

# name: 01-packed-flags-before-rest
# file: drivers/virtio/ring/packed.c
# test: packed test_stream
# The flags are published before the rest of the descriptor.
/^chain_direct/,/^}/s/desc_write(d, .*/ACCESS_ONCE(d->flags) = flags;\n&/
