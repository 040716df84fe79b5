# file: drivers/virtio/ring/packed.c
# row: 15
# test: packed test_indirect_bytes
# The table is freed as soon as it is published.
s/^    s->chain = chain;/&\n    s->chain.table = NULL;/
/^packed_add/,/^}/s/^    return 0;/    kfree(chain.table);\n    return 0;/
