# file: drivers/virtio/pci.c
# row: 29
# test: core test_config_read
# A number is read byte by byte.
s/return 4;/return 1;/
