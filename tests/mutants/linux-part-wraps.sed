# file: lib/linux/elf.c
# row: linux
# test: elf test_ranges
# The end of a part may wrap around: what it takes is then no range at all.
s/part->filesz > part->memsz || part->vaddr + part->memsz < part->vaddr ||/part->filesz > part->memsz ||/
