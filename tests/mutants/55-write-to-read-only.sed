# file: drivers/virtio/device/block_request.c
# row: 55
# test: block a_read_only_disk_is_never_written
# A read-only disk is written.
/^check(/,/^}/s/ && d->read_only/ \&\& 0/
