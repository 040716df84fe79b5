# row: 13

# name: 13-batch-old-index
# file: drivers/virtio/ring/split.c
# test: ring test_batch
# Only the last of a batch is compared with the event index.
s/ < (uint16_t)q->unkicked;/ < 1;/

# name: 13-packed-batch
# file: drivers/virtio/ring/packed.c
# test: packed test_batch
# Only the last of a batch is compared with the event.
s/(uint32_t)back <= q->unkicked/back <= 1/
