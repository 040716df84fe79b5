# row: 21

# name: 21-ecn-alone
# file: drivers/virtio/device/net.c
# test: net_lguest test_subsets
# ECN of gathered segments without any.
/{VIRTIO_NET_F_GUEST_ECN,/d

# name: 21-one-round-of-needs
# file: drivers/virtio/core.c
# test: features test_dependencies
# What a lost bit takes along is kept.
s/while (bits != before)/while (false)/

# name: 21-tso-without-checksums
# file: drivers/virtio/device/net.c
# test: net_lguest test_subsets
# Gathered segments are accepted without partial checksums.
/GUEST_TSO6, VIRTIO_NET_F_GUEST_CSUM/d
