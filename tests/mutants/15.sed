# row: 15

# name: 15-next-beside-indirect
# file: drivers/virtio/ring/split.c
# test: ring test_indirect_bytes
# NEXT beside INDIRECT.
s/VRING_DESC_F_INDIRECT, 0)/VRING_DESC_F_INDIRECT | VRING_DESC_F_NEXT, 0)/

# name: 15-packed-next-beside-indirect
# file: drivers/virtio/ring/packed.c
# test: packed test_indirect_bytes
# NEXT beside INDIRECT.
s/return VRING_DESC_F_INDIRECT |/return VRING_DESC_F_INDIRECT | VRING_DESC_F_NEXT |/

# name: 15-packed-table-freed-early
# file: drivers/virtio/ring/packed.c
# test: packed test_indirect_bytes
# The table is freed as soon as it is published.
s/^    s->chain = chain;/&\n    s->chain.table = NULL;/
/^packed_add/,/^}/s/^    return 0;/    kfree(chain.table);\n    return 0;/

# name: 15-table-freed-early
# file: drivers/virtio/ring/split.c
# test: ring test_indirect_bytes
# The table is freed as soon as it is published.
s/^    s->chain = chain;/&\n    s->chain.table = NULL;/
s/^    publish(r, head);/&\n    kfree(chain.table);/
