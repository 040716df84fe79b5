# file: drivers/virtio/device/block_request.c
# row: 53
# test: block_size requests_cover_whole_blocks
# A request may begin or end within a block.
/^check(/,/^}/s/ & (d->block_size - 1)/ \& (DISK_SECTOR - 1)/
