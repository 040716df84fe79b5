# file: drivers/virtio/device/block.c
# row: 30
# test: block_life a_resize_is_noticed
# A disk keeps the size it began with.
/^block_config_changed/,/^}/s/b->dev.capacity = capacity;//
