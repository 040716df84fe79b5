# file: drivers/virtio/device/block_request.c
# row: 55
# test: block flush_only_if_negotiated
# FLUSH is sent to a device that did not offer it.
/^check(/,/^}/s/if (!d->can_flush)/if (0)/
