# file: lib/fs/reader_disk.c
# row: disks
# test: path reader_reads_what_is_there
# What is fetched ahead need not be whole blocks.
/^read_ahead/,/^}/s/ & (r->disk->block_size - 1)/ \& 0/
