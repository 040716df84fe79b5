# file: drivers/virtio/device/console.c
# row: 58
# test: console size_is_read_only_where_it_is_offered
# The size is read although F_SIZE was not agreed.
/^read_size/,/^}/s/!virtio_has(c->v, VIRTIO_CONSOLE_F_SIZE)/c->v->resets > 99/
