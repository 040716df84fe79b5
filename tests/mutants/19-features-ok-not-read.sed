# file: drivers/virtio/core.c
# row: 19
# test: core test_features_refused
# FEATURES_OK is set and not read back.
s/if (!(t->get_status(v) & VIRTIO_STATUS_FEATURES_OK))/if (false)/
