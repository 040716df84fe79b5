# file: drivers/virtio/device/net.c
# row: 21
# test: net_lguest test_subsets
# Gathered segments are accepted without partial checksums.
/GUEST_TSO6, VIRTIO_NET_F_GUEST_CSUM/d
