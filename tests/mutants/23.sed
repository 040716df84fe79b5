# row: 23

# name: 23-offer-for-negotiated
# file: drivers/virtio/virtio.h
# test: features test_negotiated_counts
# The offer is taken for what was negotiated.
s/v->negotiated >> bit/v->offered >> bit/
