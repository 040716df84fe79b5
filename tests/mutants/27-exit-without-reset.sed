# file: drivers/virtio/core.c
# row: 27
# test: core test_shutdown
# Devices live on after exit.
/^shutdown_run/,/^}/s/^ *device_reset(v);//
