# file: drivers/virtio/ring/packed.c
# row: 13
# test: packed test_batch
# Only the last of a batch is compared with the event.
s/(uint32_t)back <= q->unkicked/back <= 1/
