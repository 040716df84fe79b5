# file: lib/fs/tmp_data.c
# row: tmpfs
# test: tmpfs mappings
# A page that a program has mapped is given away when the file is cut.
s/^    if (tmp_pins(slot)) {/    if (0) {/
