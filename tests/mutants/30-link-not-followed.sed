# file: drivers/virtio/device/net.c
# row: 30
# test: net_life the_link_is_followed
# A card keeps the link state it began with.
/^net_config_changed/,/^}/s/n->dev.link_up = up;//
