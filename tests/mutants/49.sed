# row: 49

# name: 49-feature-not-looked-at
# file: drivers/virtio/device/net_frames.c
# test: net nothing_vouches_without_guest_csum
# The device vouches for checksums although that was not agreed.
/^frame_meta/,/^}/s/!virtio_has(n->v, VIRTIO_NET_F_GUEST_CSUM)/0/

# name: 49-field-half-outside
# file: drivers/virtio/device/net_frames.c
# test: net received_checksum_places_are_checked
# The last byte of the checksum may lie past the frame.
/^frame_meta/,/^}/s/sizeof(uint16_t) <= f->bytes/1 <= f->bytes/

# name: 49-sum-of-16-bits
# file: drivers/virtio/device/net_frames.c
# test: net received_checksum_places_are_checked
# Start and offset are added in 16 bits.
/^frame_meta/,/^}/s/return (uint32_t)h->csum_start + h->csum_offset + sizeof(uint16_t)/return (uint16_t)(h->csum_start + h->csum_offset + 2)/
