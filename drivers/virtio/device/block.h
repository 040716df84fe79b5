/*
 * Between the two halves of the block driver: block.c brings the device up and knows its
 * configuration, block_request.c carries requests.
 */
#ifndef DRIVERS_VIRTIO_DEVICE_BLOCK_H
#define DRIVERS_VIRTIO_DEVICE_BLOCK_H

#include "drivers/virtio/virtio.h"

/* One request as the device sees it: header and status around the submitter's data. */
struct block_slot {
    struct virtio_blk_req_hdr header;
    uint8_t status;
    struct disk_request *request;
    uint32_t read_bytes; /* that a successful read writes, status included; else 0 */
    struct block_slot *next_free;
};

#define BLOCK_IN_FLIGHT 128

struct virtio_block {
    struct disk_device dev;
    struct virtio_device *v;
    struct virtqueue *queue;
    struct list requests; /* accepted, on the ring and not done; oldest first */
    struct list waiting;  /* accepted, and after a reset there was no room on the ring yet */
    struct timer timer;   /* armed while there are any */
    struct block_slot *free_slots;
    bool registered;
    bool complained; /* about nonsense of the device; once is enough */
    struct disk_request id_request;
    struct sg id_part;
    char id[VIRTIO_BLK_ID_LEN];
    struct sg chain[DISK_MAX_PARTS + 2]; /* scratch */
};

/* disk_device.submit: the checks, then block_accept. */
int block_submit(struct disk_device *, struct disk_request *);
/* Start a request without looking at it. -ENOSPC, -EIO. */
int block_accept(struct virtio_block *, struct disk_request *);
/* The queue's callback. */
void block_answered(struct virtqueue *);
/* The timer's: `arg` is the struct virtio_block. */
void block_late(void *arg);
/* The device was reset and has let go of everything. */
void block_let_go(struct virtio_block *);
/* It runs again: what was in flight and still has time goes onto the new ring. */
void block_restart(struct virtio_block *);
/* A slot for the pool. */
void block_slot_free(struct virtio_block *, struct block_slot *);

#endif
