# row: 44

# name: 44-header-not-apart
# file: drivers/virtio/device/net.c
# test: net header_length_and_layout
# No header of its own for a legacy device without ANY_LAYOUT.
/^read_layout/,/^}/s/n->header_apart = .*/n->header_apart = false;/
