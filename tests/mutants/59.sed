# row: 59

# name: 59-empty-buffer-kept
# file: drivers/virtio/device/console.c
# test: console empty_buffers_are_posted_again
# A buffer that came back empty is not posted again.
/^collect_input/,/^}/s/post(c, b);//

# name: 59-read-buffer-kept
# file: drivers/virtio/device/console.c
# test: console input_arrives_in_order_and_buffers_go_back
# A buffer that was read is not posted again.
/^vcon_read/,/^}/s/post(c, b);//
