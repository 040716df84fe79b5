# file: drivers/virtio/device/net.c
# row: 45
# test: net_lguest test_negotiated
# Receive buffers hold an MTU although segments may come gathered.
/^least_buffer/,/^}/s/if (!tso)/if (tso || !merge)/
