# file: drivers/virtio/device/net_frames.c
# row: 49
# test: net received_checksum_places_are_checked
# The last byte of the checksum may lie past the frame.
/^frame_meta/,/^}/s/sizeof(uint16_t) <= f->bytes/1 <= f->bytes/
