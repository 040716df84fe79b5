# file: lib/linux/elf.c
# row: linux
# test: elf test_ranges
# More bytes of the file than the part has room for, so they would be read over what lies behind.
s/part->filesz > part->memsz || part->vaddr/part->vaddr/
