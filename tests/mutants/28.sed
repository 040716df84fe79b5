# row: 28

# name: 28-generation-ignored
# file: drivers/virtio/core.c
# test: core test_config_torn
# A reading is taken whatever the generation says.
s/return v->transport->config_generation(v) == generation;/return true;/

# name: 28-legacy-read-once
# file: drivers/virtio/core.c
# test: core test_config_torn
# A legacy configuration is read once.
s/return \*error || memcmp(to, again, len) == 0;/return true;/
