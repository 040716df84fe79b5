# file: drivers/virtio/device/net_frames.c
# row: 47
# test: net an_empty_buffer_in_the_middle_drops_the_frame
# A merged buffer without a byte goes up to the stack.
/^frame_add/,/^}/s/f->bad |= len <= skip;/f->bad |= f->nr == 0 \&\& len <= skip;/
