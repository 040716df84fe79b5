# row: linux

# name: linux-file-larger-than-part
# file: lib/linux/elf.c
# test: elf test_ranges
# More bytes of the file than the part has room for, so they would be read over what lies behind.
s/part->filesz > part->memsz || part->vaddr/part->vaddr/

# name: linux-headers-not-counted
# file: lib/linux/elf.c
# test: elf test_headers
# As many program headers as the file says, into a table that has room for 32.
s/ || h->phnum > LINUX_HEADERS_MAX)/)/

# name: linux-part-wraps
# file: lib/linux/elf.c
# test: elf test_ranges
# The end of a part may wrap around: what it takes is then no range at all.
s/part->filesz > part->memsz || part->vaddr + part->memsz < part->vaddr ||/part->filesz > part->memsz ||/
