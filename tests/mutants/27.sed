# row: 27

# name: 27-exit-without-reset
# file: drivers/virtio/core.c
# test: core test_shutdown
# Devices live on after exit.
/^shutdown_run/,/^}/s/^ *device_reset(v);//
