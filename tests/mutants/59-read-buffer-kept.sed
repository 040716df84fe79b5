# file: drivers/virtio/device/console.c
# row: 59
# test: console input_arrives_in_order_and_buffers_go_back
# A buffer that was read is not posted again.
/^vcon_read/,/^}/s/post(c, b);//
