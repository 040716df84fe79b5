# file: drivers/virtio/device/block_request.c
# row: 53
# test: block sectors_are_512_bytes_whatever_the_block_size
# Sectors are counted in blocks of the device.
/^check(/,/^}/s/total \/ DISK_SECTOR > capacity/total \/ d->block_size > capacity/
