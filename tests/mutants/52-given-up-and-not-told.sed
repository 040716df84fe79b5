# file: drivers/virtio/device/block_request.c
# row: 52
# test: block_life a_device_that_never_finishes_its_reset
# Requests of a device that was given up get no answer.
/^fail_all/,/^}/s/complete(b, .*, -EIO);/continue;/
