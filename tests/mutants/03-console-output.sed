# file: drivers/virtio/device/console.c
# row: 3
# test: console output_that_slips_in_is_found
# What the device takes between the look and the wish for an interrupt is seen by nobody.
/^await_output/,/^}/s/    if (more)/    if (more \&\& 0)/
