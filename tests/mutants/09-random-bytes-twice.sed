# file: drivers/virtio/device/entropy.c
# row: 9
# test: entropy each_byte_is_handed_out_once
# The second reader gets the bytes of the first.
/^entropy_take/,/^}/{/e->first += n/d;/memset/d}
