# file: kernel/device_disk.c
# row: 53
# test: block_size requests_cover_whole_blocks
# A large transfer is cut within blocks.
/^chunk_fill/,/^}/s/~(t->disk->block_size - 1)/~(DISK_SECTOR - 1u)/
