# file: drivers/virtio/transport/lguest.c
# row: 42
# test: lguest test_feature_lengths
# Only the bytes of the bits that were accepted are written.
/^lguest_set_features/,/^}/s/i < d->feature_len/i < MIN(d->feature_len, 4u)/
