# file: drivers/virtio/core.c
# row: 62
# test: virtio_pci test_access_platform
# ACCESS_PLATFORM is left out.
s/ | BIT(VIRTIO_F_ACCESS_PLATFORM)//
s/BIT(VIRTIO_F_ACCESS_PLATFORM) | //
