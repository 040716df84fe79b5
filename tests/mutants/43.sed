# row: 43

# name: 43-legacy-header-of-12
# file: drivers/virtio/device/net.c
# test: net header_length_and_layout
# The header always has 12 bytes.
/^read_layout/,/^}/s/modern || merge ?/1 ?/

# name: 43-modern-header-of-10
# file: drivers/virtio/device/net.c
# test: net header_length_and_layout
# Without mergeable buffers the header has 10 bytes on modern devices too.
/^read_layout/,/^}/s/modern || merge ?/merge ?/
