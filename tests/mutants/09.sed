# row: 9

# name: 09-legacy-length-believed
# file: drivers/virtio/device/block_request.c
# test: block a_legacy_device_may_say_any_length
# Lengths of legacy devices count too.
/^verdict/,/^}/s/virtio_has(b->v, VIRTIO_F_VERSION_1)/1/

# name: 09-length-believed
# file: drivers/virtio/ring/split.c
# test: ring test_used_len
# More was written than was offered, and it is believed.
s/\*len = ring_chain_written(.*, \(ACCESS_ONCE(.*)\));/*len = \1;/

# name: 09-packed-length-believed
# file: drivers/virtio/ring/packed.c
# test: packed test_used_len
# More was written than was offered, and it is believed.
s/\*len = ring_chain_written(.*, \(ACCESS_ONCE(.*)\));/*len = \1;/

# name: 09-random-bytes-twice
# file: drivers/virtio/device/entropy.c
# test: entropy each_byte_is_handed_out_once
# The second reader gets the bytes of the first.
/^entropy_take/,/^}/{/e->first += n/d;/memset/d}

# name: 09-read-length-ignored
# file: drivers/virtio/device/block_request.c
# test: block a_short_read_is_an_error_on_a_modern_device
# A read that misses bytes hands out old memory.
/^verdict/,/^}/s/written < s->read_bytes/0/
