# row: 47

# name: 47-buffers-missing
# file: drivers/virtio/device/net_frames.c
# test: net a_wrong_number_of_buffers_breaks_the_card_only
# A merged frame may have fewer buffers than its header says.
/^frame_complete/,/^}/s/f->nr == wanted/f->nr <= wanted/

# name: 47-empty-buffer
# file: drivers/virtio/device/net_frames.c
# test: net an_empty_buffer_in_the_middle_drops_the_frame
# A merged buffer without a byte goes up to the stack.
/^frame_add/,/^}/s/f->bad |= len <= skip;/f->bad |= f->nr == 0 \&\& len <= skip;/

# name: 47-no-buffers
# file: drivers/virtio/device/net_frames.c
# test: net a_wrong_number_of_buffers_breaks_the_card_only
# A frame of 0 buffers is believed.
/^frame_complete/,/^}/s/f->nr == wanted/f->nr >= wanted/

# name: 47-number-always-believed
# file: drivers/virtio/device/net_frames.c
# test: net num_buffers_means_nothing_without_merging
# The number of buffers counts without MRG_RXBUF too.
/^frame_complete/,/^}/s/virtio_has(n->v, VIRTIO_NET_F_MRG_RXBUF) ?/1 ?/

# name: 47-without-limit
# file: drivers/virtio/device/net_frames.c
# test: net a_frame_of_more_buffers_than_are_ever_merged
# As many buffers as the header says, whatever the table holds.
/^frame_complete/,/^}/s/wanted <= NET_MERGE_MAX && //
