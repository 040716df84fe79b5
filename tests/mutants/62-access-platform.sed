# file: drivers/virtio/core.c
# row: 62
# test: virtio_pci test_access_platform
# ACCESS_PLATFORM is left out.
s/ | UINT64_C(1) << VIRTIO_F_ACCESS_PLATFORM//
s/UINT64_C(1) << VIRTIO_F_ACCESS_PLATFORM | //
