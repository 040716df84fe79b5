# file: drivers/virtio/device/block_request.c
# row: 51
# test: block a_chain_is_header_data_status
# A status byte that was not written shows the last answer.
/^start(/,/^}/s/s->status = STATUS_UNWRITTEN;//
