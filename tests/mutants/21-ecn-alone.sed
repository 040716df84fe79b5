# file: drivers/virtio/device/net.c
# row: 21
# test: net_lguest test_subsets
# ECN of gathered segments without any.
/{VIRTIO_NET_F_GUEST_ECN,/d
