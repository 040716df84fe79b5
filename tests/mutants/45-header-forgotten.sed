# file: drivers/virtio/device/net.c
# row: 45
# test: net_lguest test_negotiated
# A buffer for the longest frame has no room for the header.
s/return n->header_len + TSO_FRAME;/return TSO_FRAME;/
