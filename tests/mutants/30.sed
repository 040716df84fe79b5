# row: 30

# name: 30-capacity-not-followed
# file: drivers/virtio/device/block.c
# test: block_life a_resize_is_noticed
# A disk keeps the size it began with.
/^read_capacity/,/^}/s/b->dev.capacity = reached;/if (!b->dev.capacity)\n        &/

# name: 30-config-interrupt-lost
# file: drivers/virtio/transport/pci_irq.c
# test: core test_config_interrupt
# Nobody is told of a configuration change.
/isr & VIRTIO_ISR_CONFIG/,+1d

# name: 30-link-not-followed
# file: drivers/virtio/device/net.c
# test: net_life the_link_is_followed
# A card keeps the link state it began with.
/^net_config_changed/,/^}/s/n->dev.link_up = up;//

# name: 30-size-not-followed
# file: drivers/virtio/device/console.c
# test: console a_new_size_wakes_the_reader
# The reader of a console does not learn its new size.
/^vcon_config_changed/,/^}/s/wake_all(.*);//
