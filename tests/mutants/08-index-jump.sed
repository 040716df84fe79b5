# file: drivers/virtio/ring/split.c
# row: 8
# test: ring test_illegal_indices
# The used index may be anything.
s/ready > r->in_flight/false/
