# file: drivers/virtio/device/block_request.c
# row: 51
# test: block a_chain_is_header_data_status
# The status byte comes before the data.
/^start(/,/^}/{/b->chain\[n++\] = (struct sg){&s->status/d;s/^    for (unsigned i = 0;/    b->chain[n++] = (struct sg){\&s->status, 1};\n    for (unsigned i = 0;/}
