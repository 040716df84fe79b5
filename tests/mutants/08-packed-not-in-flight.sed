# file: drivers/virtio/ring/packed.c
# row: 8
# test: packed test_completed_twice
# A chain may complete twice.
s/ || !r->slots\[\*id\].chain.token//
