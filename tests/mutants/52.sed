# row: 52

# name: 52-given-up-and-not-told
# file: drivers/virtio/device/block_request.c
# test: block_life a_device_that_never_finishes_its_reset
# Requests of a device that was given up get no answer.
/^fail_all/,/^}/s/complete(b, .*, -EIO);/continue;/

# name: 52-late-is-started-again
# file: drivers/virtio/device/block_request.c
# test: block_life silence_costs_a_reset_and_a_clear_error
# The late request is started again instead of ended.
/^start_again/,/^}/s/if (clock_now() < r->deadline)//

# name: 52-silence-for-ever
# file: drivers/virtio/device/block_request.c
# test: block_life silence_costs_a_reset_and_a_clear_error
# Nobody looks at the time.
/^block_late/,/^}/s/virtio_recover(.*);/;/

# name: 52-unknown-is-success
# file: drivers/virtio/device/block_request.c
# test: block status_bytes_are_told_apart
# A status that the specification does not have is taken for success.
/^verdict/,/^}/s/return nonsense(b, "unknown status", status);/return 0;/

# name: 52-unsupported-is-an-error
# file: drivers/virtio/device/block_request.c
# test: block status_bytes_are_told_apart
# UNSUPP and IOERR are the same.
/^verdict/,/^}/s/return -ENOTSUP;/return -EIO;/
