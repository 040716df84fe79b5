# file: drivers/virtio/device/net_frames.c
# row: 49
# test: net received_checksum_places_are_checked
# Start and offset are added in 16 bits.
/^frame_meta/,/^}/s/return (uint32_t)h->csum_start + h->csum_offset + sizeof(uint16_t)/return (uint16_t)(h->csum_start + h->csum_offset + 2)/
