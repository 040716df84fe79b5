# file: drivers/virtio/core.c
# row: 21
# test: features test_dependencies
# What a lost bit takes along is kept.
s/while (bits != before)/while (false)/
