# file: drivers/virtio/device/net.c
# row: 43
# test: net header_length_and_layout
# Without mergeable buffers the header has 10 bytes on modern devices too.
/^read_layout/,/^}/s/modern || merge ?/merge ?/
