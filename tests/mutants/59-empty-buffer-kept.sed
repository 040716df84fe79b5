# file: drivers/virtio/device/console.c
# row: 59
# test: console empty_buffers_are_posted_again
# A buffer that came back empty is not posted again.
/^collect_input/,/^}/s/post(c, b);//
