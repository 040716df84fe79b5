# file: drivers/virtio/ring/split.c
# row: 8
# test: ring test_completed_twice
# A chain may complete twice.
s/ || !r->slots\[id\].chain.token//
