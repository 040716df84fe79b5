# file: drivers/virtio/device/console.c
# row: 30
# test: console a_new_size_wakes_the_reader
# The reader of a console does not learn its new size.
/^vcon_config_changed/,/^}/s/wake_all(.*);//
