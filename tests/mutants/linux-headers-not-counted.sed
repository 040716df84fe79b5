# file: lib/linux/elf.c
# row: linux
# test: elf test_headers
# As many program headers as the file says, into a table that has room for 32.
s/ || h->phnum > LINUX_HEADERS_MAX)/)/
