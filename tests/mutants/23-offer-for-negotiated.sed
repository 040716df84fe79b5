# file: drivers/virtio/virtio.h
# row: 23
# test: features test_negotiated_counts
# The offer is taken for what was negotiated.
s/v->negotiated >> bit/v->offered >> bit/
