# file: drivers/virtio/device/net.c
# row: 31
# test: net_life a_reset_returns_every_buffer_once_and_goes_on
# A card stays without receive buffers after a reset.
/^net_started/,/^}/s/net_refill(n);//
