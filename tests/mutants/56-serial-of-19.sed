# file: drivers/virtio/device/block.c
# row: 56
# test: block_life a_serial_of_20_characters_needs_no_terminator
# The last of 20 characters is taken for a terminator.
/^id_done/,/^}/s/i < VIRTIO_BLK_ID_LEN/i < VIRTIO_BLK_ID_LEN - 1/
