# file: drivers/virtio/ring/split.c
# row: 14
# test: ring test_long_silence
# More additions than 16 bits hold since the last kick.
/if (q->unkicked > INDEX_FAR)/,+1d
