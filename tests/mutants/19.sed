# row: 19

# name: 19-features-ok-not-read
# file: drivers/virtio/core.c
# test: core test_features_refused
# FEATURES_OK is set and not read back.
s/if (!(t->get_status(v) & VIRTIO_STATUS_FEATURES_OK))/if (false)/
