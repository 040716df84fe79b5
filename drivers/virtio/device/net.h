/*
 * Between the parts of the network driver: net.c brings the device up and knows its
 * configuration, net_frames.c moves frames.
 */
#ifndef DRIVERS_VIRTIO_DEVICE_NET_H
#define DRIVERS_VIRTIO_DEVICE_NET_H

#include "drivers/virtio/virtio.h"

#define NET_ETHERNET_HEADER 14 /* bytes */

/* What belongs to one chain in flight, in either direction. */
struct net_slot {
    struct virtio_net_hdr header; /* tx: what the device reads in front of the frame */
    void *header_at;              /* rx: where the device writes its own */
    void *token;                  /* the user's */
    struct net_slot *next_free;
};

/* A direction: its queue and the slots of its chains. */
struct net_path {
    struct virtqueue *queue;
    struct net_slot *slots; /* never freed */
    struct net_slot *free_slots;
    unsigned in_flight;
};

struct virtio_net {
    struct net_device dev;
    struct virtio_device *v;
    struct net_path rx, tx;
    uint32_t header_len; /* 10 or 12 bytes */
    bool header_apart;   /* the header must be a descriptor of its own */
    bool registered;
    bool mac_known;
    struct timer refill_timer;
    struct sg parts[NET_MAX_PARTS + 1]; /* scratch */
};

/* net_device.rx_post, tx, kick. */
int net_rx_post(struct net_device *, const struct sg *, unsigned n, void *token);
int net_tx(struct net_device *, const struct sg *, unsigned n, const struct net_meta *,
           void *token);
void net_kick(struct net_device *);
/* The queues' callbacks. */
void net_rx_arrived(struct virtqueue *);
void net_tx_sent(struct virtqueue *);
/* Have the user post buffers; `arg` is the struct virtio_net. Also the timer's function. */
void net_refill(void *arg);
/* Slots for a queue that was just made; keeps those there are. -ENOMEM. */
int net_path_init(struct net_path *);
/* The device was reset: everything in flight goes back to the user. */
void net_let_go(struct virtio_net *);

#endif
