# file: drivers/virtio/transport/lguest.c
# row: 61
# test: lguest test_up
# The rings are left as the host gave them.
s/    memset(area.desc, 0, size);.*//
