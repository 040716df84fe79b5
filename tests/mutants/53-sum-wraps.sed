# file: drivers/virtio/device/block_request.c
# row: 53
# test: block the_range_is_checked_without_overflow
# Sector plus count wraps.
/^check(/,/^}/s/r->sector > capacity || total \/ DISK_SECTOR > capacity - r->sector/r->sector + total \/ DISK_SECTOR > capacity/
