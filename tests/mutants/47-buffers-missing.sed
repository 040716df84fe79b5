# file: drivers/virtio/device/net_frames.c
# row: 47
# test: net a_wrong_number_of_buffers_breaks_the_card_only
# A merged frame may have fewer buffers than its header says.
/^frame_complete/,/^}/s/f->nr == wanted/f->nr <= wanted/
