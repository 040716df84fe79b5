# file: drivers/virtio/device/block.c
# row: 30
# test: block_life a_resize_is_noticed
# A disk keeps the size it began with.
/^read_capacity/,/^}/s/b->dev.capacity = reached;/if (!b->dev.capacity)\n        &/
