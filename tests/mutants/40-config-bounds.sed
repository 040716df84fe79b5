# file: drivers/virtio/core.c
# row: 40
# test: mmio test_config_bounds
# Offset and length are added, and the sum may wrap.
s/offset <= size \&\& len <= size - offset/offset + len <= size/
