# file: drivers/virtio/ring/split.c
# row: 15
# test: ring test_indirect_bytes
# The table is freed as soon as it is published.
s/^    s->chain = chain;/&\n    s->chain.table = NULL;/
s/^    publish(r, head);/&\n    kfree(chain.table);/
