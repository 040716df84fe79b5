# file: drivers/virtio/device/net_frames.c
# row: 47
# test: net a_frame_of_more_buffers_than_are_ever_merged
# As many buffers as the header says, whatever the table holds.
/^frame_complete/,/^}/s/wanted <= NET_MERGE_MAX && //
