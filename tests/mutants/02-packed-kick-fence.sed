# file: drivers/virtio/ring/packed.c
# row: 2
# test: packed_lto test_kick_litmus
# A store fence where a full one is needed.
/^packed_kick/,/^}/s/barrier_full/barrier_write/
