# file: drivers/virtio/device/block_request.c
# row: 52
# test: block status_bytes_are_told_apart
# UNSUPP and IOERR are the same.
/^verdict/,/^}/s/return -ENOTSUP;/return -EIO;/
