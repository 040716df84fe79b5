# row: 20

# name: 20-without-version-1
# file: drivers/virtio/core.c
# test: core test_version_1
# A modern device without VERSION_1.
s/t->modern && !virtio_has(v, VIRTIO_F_VERSION_1)/false/
