# file: drivers/virtio/ring/split.c
# row: 13
# test: ring test_batch
# Only the last of a batch is compared with the event index.
s/ < (uint16_t)q->unkicked;/ < 1;/
