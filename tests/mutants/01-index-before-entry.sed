# file: drivers/virtio/ring/split.c
# row: 1
# test: ring test_stream
# The index is published before the entry that it covers.
/ACCESS_ONCE(r->avail->ring\[/d
s/ACCESS_ONCE(r->avail->idx) = ++r->avail_idx;/ACCESS_ONCE(r->avail->idx) = r->avail_idx + 1;\n    ACCESS_ONCE(r->avail->ring[r->avail_idx++ \& r->mask]) = head;/
