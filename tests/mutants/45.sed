# row: 45

# name: 45-buffers-of-a-frame
# file: drivers/virtio/device/net.c
# test: net_lguest test_negotiated
# Receive buffers hold an MTU although segments may come gathered.
/^least_buffer/,/^}/s/if (!tso)/if (tso || !merge)/

# name: 45-header-forgotten
# file: drivers/virtio/device/net.c
# test: net_lguest test_negotiated
# A buffer for the longest frame has no room for the header.
s/return n->header_len + TSO_FRAME;/return TSO_FRAME;/
