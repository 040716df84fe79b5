# row: 55

# name: 55-flush-unasked
# file: drivers/virtio/device/block_request.c
# test: block flush_only_if_negotiated
# FLUSH is sent to a device that did not offer it.
/^check(/,/^}/s/if (!d->can_flush)/if (0)/

# name: 55-write-to-read-only
# file: drivers/virtio/device/block_request.c
# test: block a_read_only_disk_is_never_written
# A read-only disk is written.
/^check(/,/^}/s/ && d->read_only/ \&\& 0/
