# file: launcher/vcpu/paging.c
# row: launcher
# test: launcher_paging what_is_refused
# A page of 4 MiB is taken for a table.
s/^#define DIRECTORY_FLAGS 0x067u/#define DIRECTORY_FLAGS 0x0e7u/
