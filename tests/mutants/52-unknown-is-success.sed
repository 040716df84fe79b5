# file: drivers/virtio/device/block_request.c
# row: 52
# test: block status_bytes_are_told_apart
# A status that the specification does not have is taken for success.
/^verdict/,/^}/s/return nonsense(b, "unknown status", status);/return 0;/
