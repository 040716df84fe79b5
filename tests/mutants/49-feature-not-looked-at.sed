# file: drivers/virtio/device/net_frames.c
# row: 49
# test: net nothing_vouches_without_guest_csum
# The device vouches for checksums although that was not agreed.
/^frame_meta/,/^}/s/!virtio_has(n->v, VIRTIO_NET_F_GUEST_CSUM)/0/
