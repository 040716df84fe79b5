# row: 51

# name: 51-not-pre-filled
# file: drivers/virtio/device/block_request.c
# test: block a_chain_is_header_data_status
# A status byte that was not written shows the last answer.
/^start(/,/^}/s/s->status = STATUS_UNWRITTEN;//

# name: 51-status-before-data
# file: drivers/virtio/device/block_request.c
# test: block a_chain_is_header_data_status
# The status byte comes before the data.
/^start(/,/^}/{/b->chain\[n++\] = (struct sg){&s->status/d;s/^    for (unsigned i = 0;/    b->chain[n++] = (struct sg){\&s->status, 1};\n    for (unsigned i = 0;/}
