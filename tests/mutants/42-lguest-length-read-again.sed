# file: drivers/virtio/transport/lguest.c
# row: 42
# test: lguest test_page_changes
# What the page says of lengths is believed again each time.
s/d->config_len/d->desc->config_len/g
