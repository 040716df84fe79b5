# file: drivers/virtio/device/console.c
# row: 58
# test: console a_pausing_host_loses_nothing
# Whoever waits for room is not told when there is some.
/^output_taken/,/^}/s/wake_all(&c->dev.changed);/;/
