# row: 62

# name: 62-access-platform
# file: drivers/virtio/core.c
# test: virtio_pci test_access_platform
# ACCESS_PLATFORM is left out.
s/ | BIT(VIRTIO_F_ACCESS_PLATFORM)//
s/BIT(VIRTIO_F_ACCESS_PLATFORM) | //
