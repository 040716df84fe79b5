# file: drivers/virtio/device/block.c
# row: 56
# test: block_life a_transport_may_forbid_get_id
# GET_ID is sent where it would be a read.
/^block_started/,/^}/s/if (!v->transport->no_get_id)//
