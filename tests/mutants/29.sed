# row: 29

# name: 29-bytes-for-words
# file: drivers/virtio/core.c
# test: core test_config_read
# A number is read byte by byte.
s/return len == 2 ? 2 : len == 4 || len == 8 ? 4 : 1;/return len ? 1 : 1;/
