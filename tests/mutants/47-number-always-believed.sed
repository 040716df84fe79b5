# file: drivers/virtio/device/net_frames.c
# row: 47
# test: net num_buffers_means_nothing_without_merging
# The number of buffers counts without MRG_RXBUF too.
/^frame_complete/,/^}/s/virtio_has(n->v, VIRTIO_NET_F_MRG_RXBUF) ?/1 ?/
