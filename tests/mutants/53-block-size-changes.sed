# file: drivers/virtio/device/block.c
# row: 53
# test: block_size a_block_size_does_not_change
# After a reset another block size is taken.
/^read_config/,/^}/s/b->registered && //;/^read_config/,/^}/s/size != d->block_size/0/
