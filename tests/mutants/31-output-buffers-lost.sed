# file: drivers/virtio/device/console.c
# row: 31
# test: console a_reset_gives_unread_output_buffers_back
# Output buffers in flight at a reset are never used again.
/^vcon_stopped/,/^}/s/b->in_flight = false;/;/
