# file: drivers/virtio/transport/lguest.c
# row: 42
# test: lguest test_config
# Offset and length are added before they are checked.
s/return offset <= d->config_len.*/return offset + len <= d->config_len;/
