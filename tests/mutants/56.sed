# row: 56

# name: 56-always-asked
# file: drivers/virtio/device/block.c
# test: block_life a_transport_may_forbid_get_id
# GET_ID is sent where it would be a read.
/^block_started/,/^}/s/if (!v->transport->no_get_id)//

# name: 56-serial-of-19
# file: drivers/virtio/device/block.c
# test: block_life a_serial_of_20_characters_needs_no_terminator
# The last of 20 characters is taken for a terminator.
/^id_done/,/^}/s/i < VIRTIO_BLK_ID_LEN/i < VIRTIO_BLK_ID_LEN - 1/
