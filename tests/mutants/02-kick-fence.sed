# file: drivers/virtio/ring/split.c
# row: 2
# test: ring test_kick_litmus
# A store fence where a full one is needed.
/^split_kick/,/^}/s/barrier_full/barrier_write/
