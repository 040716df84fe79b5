# file: drivers/virtio/transport/lguest.c
# row: 42
# test: lguest test_unaligned
# Descriptors are taken to begin at multiples of 4.
s/return size <= left ? size : 0;/return size <= left ? (size + 3) \& ~(size_t)3 : 0;/
