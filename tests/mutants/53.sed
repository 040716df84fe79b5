# row: 53

# name: 53-block-size-believed
# file: drivers/virtio/device/block.c
# test: block_size a_block_size_that_makes_no_sense_is_refused
# A block may be of any size.
/^read_config/,/^}/s/size < DISK_SECTOR || size > DISK_BLOCK_MAX ||/size == 0 ||/

# name: 53-block-size-changes
# file: drivers/virtio/device/block.c
# test: block_size a_block_size_does_not_change
# After a reset another block size is taken.
/^read_config/,/^}/s/b->registered && //;/^read_config/,/^}/s/size != d->block_size/0/

# name: 53-block-size-no-power-of-2
# file: drivers/virtio/device/block.c
# test: block_size a_block_size_that_makes_no_sense_is_refused
# A block size need not be a power of two.
/^read_config/,/^}/s/ (size & (size - 1)) != 0 ||//

# name: 53-capacity-beyond-bytes
# file: drivers/virtio/device/block.c
# test: block_size a_capacity_is_whole_blocks
# A capacity in bytes wraps.
/^read_capacity/,/^}/s/MIN(offered, (uint64_t)INT64_MAX \/ DISK_SECTOR)/offered/

# name: 53-chunk-of-sectors
# file: kernel/device_disk.c
# test: block_size requests_cover_whole_blocks
# A large transfer is cut within blocks.
/^disk_chunk_max/,/^}/s/~(d->block_size - 1)/~(DISK_SECTOR - 1u)/

# name: 53-end-within-a-block
# file: drivers/virtio/device/block.c
# test: block_size a_capacity_is_whole_blocks
# The capacity ends within a block.
/^read_capacity/,/^}/s/ & ~rest//

# name: 53-part-of-a-block
# file: drivers/virtio/device/block_request.c
# test: block_size requests_cover_whole_blocks
# A request may begin or end within a block.
/^check(/,/^}/s/ & (d->block_size - 1)/ \& (DISK_SECTOR - 1)/

# name: 53-sum-wraps
# file: drivers/virtio/device/block_request.c
# test: block the_range_is_checked_without_overflow
# Sector plus count wraps.
/^check(/,/^}/s/r->sector > capacity || total \/ DISK_SECTOR > capacity - r->sector/r->sector + total \/ DISK_SECTOR > capacity/

# name: 53-transfer-of-sectors
# file: kernel/device_disk.c
# test: disk_bytes sectors_within_a_block_are_refused
# What begins within a block is begun all the same.
/^disk_transfer/,/^}/s/& (d->block_size - 1)/\& (DISK_SECTOR - 1)/

# name: 53-unit-of-block-size
# file: drivers/virtio/device/block_request.c
# test: block sectors_are_512_bytes_whatever_the_block_size
# Sectors are counted in blocks of the device.
/^check(/,/^}/s/total \/ DISK_SECTOR > capacity/total \/ d->block_size > capacity/
