# row: 14

# name: 14-long-silence
# file: drivers/virtio/ring/split.c
# test: ring test_long_silence
# More additions than 16 bits hold since the last kick.
/if (q->unkicked > INDEX_FAR)/,+1d

# name: 14-packed-long-silence
# file: drivers/virtio/ring/packed.c
# test: packed test_long_silence
# More additions than the ring has places since the last kick.
s/ || q->unkicked > r->size//
