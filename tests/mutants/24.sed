# row: 24

# name: 24-field-not-negotiated
# file: drivers/virtio/device/net.c
# test: net_life mtu_is_clamped
# The largest packet is read whether or not the device has that field.
s/if (virtio_has(n->v, VIRTIO_NET_F_MTU) &&/if (true \&\&/
