# file: drivers/virtio/device/block_request.c
# row: 9
# test: block a_short_read_is_an_error_on_a_modern_device
# A read that misses bytes hands out old memory.
/^verdict/,/^}/s/written < s->read_bytes/0/
