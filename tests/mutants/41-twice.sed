# file: drivers/virtio/transport/mmio_find.c
# row: 41
# test: mmio test_named_twice
# A device that is named twice is driven twice.
s/    if (known(where)) {/    if (false) {/
s/^known(const/__attribute__((unused)) known(const/
