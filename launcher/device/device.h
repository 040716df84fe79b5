/*
 * Devices: what they share, and the rings they serve. A device is a table of callbacks over
 * queues; a queue that also waits for the outside names a descriptor and the events it wants.
 * Who calls serve() (a kick, a HALT, a nudge) is not the device's business: all of them are on
 * the vCPU thread while the guest stands still, so no ring needs a lock.
 *
 * Nothing that the guest wrote is believed: descriptors are copied once and then checked. A
 * violation ends the launcher with a sentence that names the device and the rule.
 */
#ifndef LAUNCHER_DEVICE_DEVICE_H
#define LAUNCHER_DEVICE_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>
#include "abi/lguest.h"
#include "abi/virtio.h"

#define DEVICE_QUEUES 2

struct device;

struct queue {
    struct device *device;
    uint8_t index;
    uint16_t irq;
    uint32_t address; /* guest address of its pages; what a kick names */
    struct vring_desc *desc;
    struct vring_avail *avail;
    struct vring_used *used;
    uint16_t last_avail;
    uint16_t used_idx; /* our own copy: the guest can write the shared one */
    bool used_pending; /* something was put since the last interrupt */
    int fd;            /* -1, or what else makes it worth while to call serve() */
    short events;      /* for ppoll; 0: nothing at present */
    uint64_t in_flight[LGUEST_VRING_SIZE / 64]; /* heads taken and not put */
};

/* How a kind of device works. */
struct device_ops {
    void (*serve)(struct queue *);
    /* The guest started it with these features, or NULL. */
    void (*started)(struct device *);
    /* Nothing may touch guest memory for this device afterwards, or NULL. */
    void (*reset)(struct device *);
};

struct device {
    const struct device_ops *ops;
    char name[24]; /* "block 1": for messages */
    uint8_t type;
    uint8_t nr_queues, feature_len, config_len;
    uint64_t features, accepted;
    const void *config;
    struct queue queues[DEVICE_QUEUES];
    uint32_t desc_address, desc_len; /* where it lies in the device page */
    bool running;
    void *state;                            /* the kind's own */
    uint64_t requests, bytes_in, bytes_out; /* for --stats */
};

/* ---- device.c ---- */

/* Adds a device; its features, queue descriptors and configuration are set by the caller. */
struct device *device_new(const struct device_ops *ops, uint8_t type, unsigned nr_queues);
/* Lays out the device page and the rings, once all devices were made. */
void device_publish(void);
/* Adds bytes to the page while it is laid out, and how many it has room for. */
void device_page_append(const void *bytes, uint32_t len);
uint32_t device_page_room(void);
/* Devices as after power-on, the page written afresh; for a restart. */
void device_reset_all(void);
/* NOTIFY. */
void device_notify(uint32_t address);
/* Is NOTIFY of that address for a device or a queue, and no text? */
bool device_is_named(uint32_t address);
struct pollfd;
/* Serves every queue whose descriptor is ready; waits for one if `wait`. */
void device_poll(bool wait);
/*
 * ppoll without a time limit, and with the signals let in, which end it (-1). All sleep on the
 * vCPU thread is here: a nudge is seen once, so whoever sleeps has to do what it asked for.
 */
int device_sleep(struct pollfd *set, unsigned n);
/* Fills `set` (DEVICE_POLL_MAX entries) with what device_poll would wait for. */
unsigned device_poll_set(struct pollfd *set);
#define DEVICE_POLL_MAX DEVICE_LINES
/* Would a read or write not block? */
bool device_fd_ready(int fd, short events);
/* For --stats. */
void device_print_stats(void);

static inline bool
device_has(const struct device *d, unsigned bit)
{
    return d->accepted >> bit & 1;
}

/* ---- ring.c ---- */

#define CHAIN_PARTS LGUEST_VRING_SIZE

/* One request: parts that the device reads, then parts that it writes. */
struct chain {
    uint16_t head;
    unsigned nr_out, nr_in;
    uint32_t out_len, in_len; /* bytes */
    struct iovec parts[CHAIN_PARTS];
};

/* The next request, which stays first in the queue; false if there is none. */
bool ring_peek(struct queue *, struct chain *);
/* The one that ring_peek gave is being served. */
void ring_take(struct queue *, const struct chain *);
/* It is done; `len` bytes of its writable parts were written. */
void ring_put(struct queue *, uint16_t head, uint32_t len);
/* Writes one entry of the used ring, whatever it says. */
void ring_use(struct queue *, uint32_t id, uint32_t len);
/* After a batch of puts: one interrupt, unless the guest wants none. */
void ring_interrupt(struct queue *);
void ring_reset(struct queue *);
/* Ends the launcher: the guest broke `rule` on this queue. */
_Noreturn void ring_violation(const struct queue *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- iov.c ---- */

/* Drops `bytes` from the front; returns the parts that are left. */
unsigned iov_skip(struct iovec *parts, unsigned n, uint32_t bytes);
/* Copy up to `len` bytes from or to the start; returns how many there were. */
uint32_t iov_read(const struct iovec *parts, unsigned n, void *to, uint32_t len);
uint32_t iov_write(const struct iovec *parts, unsigned n, const void *from, uint32_t len);

/* ---- the kinds; each makes one device from an option's value ---- */

void console_open(const char *value); /* NULL: standard input and output */
/* The reader has not taken all that there is, and there is patience left. */
bool console_waits(void);
/* Before an end or a restart: writes what the guest has handed over, as long as the reader takes
 * something every CONSOLE_PATIENCE seconds. A signal that ends the launcher ends this too. */
void console_empty(void);
#define CONSOLE_PATIENCE 10
/* The early console: to the same place, all of it before it returns. */
void console_print(const char *text, uint32_t len);
void block_open(char *value);
/* --record: true for the disk that is recorded, the first to ask; its writes, as they come (`at` and
 * `len` in bytes, whole sectors), and its flushes, as they are answered. */
bool record_open(void);
void record_write(uint64_t at, const struct iovec *parts, unsigned n, uint32_t len);
void record_flush(void);
void rng_open(void);
void net_open_tunnet(char *value);
void net_open_tap(char *value);
void net_open_user(char *value);

#endif
