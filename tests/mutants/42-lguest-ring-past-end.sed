# file: drivers/virtio/transport/lguest.c
# row: 42
# test: lguest test_bad_queues
# The ring begins inside of the device pages, and that is that.
/base - page > DEVICE_AREA/{N;s/ ||\n.*)$/)/;s/DEVICE_AREA ||.*/DEVICE_AREA)/}
