# file: lib/fs/tmp_map.c
# row: tmpfs
# test: tmpfs mappings
# A second mapping moves pages away from under the first one.
s/^        if (tmp_pins(slot))$/        if (0)/
