# file: drivers/virtio/ring/packed.c
# row: 14
# test: packed test_long_silence
# More additions than the ring has places since the last kick.
s/ || q->unkicked > r->size//
