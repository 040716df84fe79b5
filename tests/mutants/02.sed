# row: 2

# name: 02-kick-fence
# file: drivers/virtio/ring/split.c
# test: ring test_kick_litmus
# A store fence where a full one is needed.
/^split_kick/,/^}/s/barrier_full/barrier_write/

# name: 02-packed-kick-fence
# file: drivers/virtio/ring/packed.c
# test: packed_lto test_kick_litmus
# A store fence where a full one is needed.
/^packed_kick/,/^}/s/barrier_full/barrier_write/
