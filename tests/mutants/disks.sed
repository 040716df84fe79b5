# row: disks

# name: disk-ahead-within-a-block
# file: lib/fs/reader_disk.c
# test: path reader_reads_what_is_there
# What is fetched ahead need not be whole blocks.
/^read_ahead/,/^}/s/ & (r->disk->block_size - 1)/ \& 0/

# name: disk-all-wait
# file: lib/fs/disk_bytes.c
# test: disk_bytes writers_of_whole_blocks_do_not_wait
# Writers of whole blocks wait for each other.
/^write_in_turn/,/^}/s/patch = .*;/patch = true;/

# name: disk-chain-end-by-the-sector
# file: lib/fs/partition.c
# test: partition_units logical_chain_in_blocks
# The end of the disk is counted in 512 bytes.
/^set_unit/,/^}/s/capacity >> shift/capacity/

# name: disk-gpt-array-outside
# file: lib/fs/partition.c
# test: partition_units gpt_array_lies_within_the_disk
# The array is as many blocks as it is sectors.
/^scan_gpt_entries/,/^}/s/ >> s->shift))/))/

# name: disk-gpt-by-the-sector
# file: lib/fs/partition.c
# test: partition_units gpt_in_the_disks_own_unit_comes_first
# The unit of 512 bytes comes first.
/^partition_scan/,/^}/s/set_unit(&s, capacity, own)/set_unit(\&s, capacity, gpt ? 0 : own)/

# name: disk-gpt-own-unit
# file: lib/fs/partition.c
# test: partition_units gpt_in_either_unit
# A GPT is looked for in the disk's unit alone.
/^partition_scan/,/^}/s/shift = 0; DISK_SECTOR/shift = 9; DISK_SECTOR/

# name: disk-mbr-by-the-sector
# file: lib/fs/partition.c
# test: partition_units mbr_in_either_unit
# An MBR counts in 512 bytes.
/^partition_scan/,/^}/s/if (!mbr_fits(&s, entries))/if (true)/

# name: disk-mbr-in-blocks-only
# file: lib/fs/partition.c
# test: partition_units mbr_in_either_unit
# An MBR counts in blocks of the disk, whatever comes out.
/^partition_scan/,/^}/s/if (!mbr_fits(&s, entries))/if (false)/

# name: disk-part-of-a-partition
# file: kernel/device_disk.c
# test: disk_bytes sectors_within_a_block_are_refused
# Blocks are counted from the partition on.
/^disk_transfer/,/^}/s/d->start + //

# name: disk-part-starves
# file: lib/fs/disk_bytes.c
# test: disk_bytes a_part_gets_its_turn
# Others begin while one waits to write a part.
/^write_in_turn/,/^}/{/^    d->patching = patch;/d;s/    d->writers++;/    d->patching = patch;\n&/}

# name: disk-part-undoes-whole
# file: lib/fs/disk_bytes.c
# test: disk_bytes a_part_does_not_undo_the_whole
# Who writes a part does not wait for who writes the whole.
/^write_in_turn/,/^}/s/while (patch && d->writers > 0)/if (false)/

# name: disk-partition-within-a-block
# file: lib/fs/disk_bytes.c
# test: disk_bytes requests_cover_whole_blocks
# A partition is taken to begin with a block.
/^fs_disk_bytes/,/^}/{/d->start/d;/if (d->whole)/,/d = d->whole/d}

# name: disk-read-only-read-first
# file: lib/fs/disk_bytes.c
# test: disk_bytes failures_leave_nothing_behind
# A part of a read-only disk is read, and then not written.
/^fs_disk_bytes/,/^}/{/d->read_only/d;/EROFS/d}

# name: disk-whole-beside-part
# file: lib/fs/disk_bytes.c
# test: disk_bytes a_part_does_not_undo_the_whole
# Who writes the whole does not wait for who writes a part.
/^write_in_turn/,/^}/s/while (d->patching)/while (patch \&\& d->patching)/

# name: disk-writers-race
# file: lib/fs/disk_bytes.c
# test: disk_bytes writers_of_one_block_lose_nothing
# Two write parts of a block at once.
/^write_in_turn/,/^}/s/while (d->patching)/if (false)/;/^write_in_turn/,/^}/s/while (patch && d->writers > 0)/if (false)/
