/*
 * virtio for the rest of this folder: the device as drivers see it, the queue verbs, and the
 * table that a transport fills. Relies on include/abi/virtio.h for the formats and on the
 * virtio 1.2 specification, whose section numbers stand beside the steps.
 *
 * The device is not trusted: whatever it writes (used ring, configuration, status) is checked
 * before it is used, and a violation breaks the queue, never this kernel's memory.
 *
 * Errors are negative errno. Context: threads and deferred work only, unless marked "any".
 * Nothing blocks except virtio_reset (bounded).
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_H
#define DRIVERS_VIRTIO_VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "abi/virtio.h"
#include "kernel/device.h"
#include "kernel/list.h"
#include "kernel/platform.h"
#include "kernel/thread.h"

#define VIRTIO_MAX_QUEUES 8 /* most queues that a driver of ours uses on one device */

struct virtio_device;
struct virtqueue;

/* ---- transports ---- */

/* Where the three areas of a queue lie (virtio 1.2, 2.6); physical = virtual. */
struct vq_area {
    uint16_t size; /* entries */
    void *desc;    /* descriptor area */
    void *driver;  /* driver area: available ring, or driver event suppression */
    void *device;  /* device area: used ring, or device event suppression */
    size_t pages;  /* of the one run that starts at desc and was allocated for them */
};

/*
 * How a bus reaches its devices. Widths, offsets and orders are the transport's business;
 * policy (which features, what order of status bits) is the core's.
 */
struct virtio_transport {
    const char *name; /* "pci-legacy", "pci-modern", "mmio-1", "mmio-2", "lguest" */

    uint8_t (*get_status)(struct virtio_device *);
    /* 0 asks for a reset; the core then waits, bounded, until get_status reads 0. */
    void (*set_status)(struct virtio_device *, uint8_t status);

    uint64_t (*get_features)(struct virtio_device *);
    void (*set_features)(struct virtio_device *, uint64_t accepted);

    /* The device's configuration: its size in bytes, and one access of a width of 1, 2 or 4 bytes,
     * inside and aligned. */
    size_t (*config_size)(struct virtio_device *);
    uint32_t (*config_read)(struct virtio_device *, size_t offset, size_t width);
    void (*config_write32)(struct virtio_device *, size_t offset, uint32_t value);
    /* Of modern transports: changes whenever the device's configuration did. (Of the others the
     * core reads until two readings agree.) */
    uint32_t (*config_generation)(struct virtio_device *);

    /*
     * Fill q->size with the size the device offers, allocate the areas (or find the host's),
     * and tell the device. -ENOENT: no such queue. -EINVAL: impossible size. -ENOMEM.
     */
    int (*queue_setup)(struct virtio_device *, struct virtqueue *);
    /* Let go of what is not the areas' pages, only after a reset or before the start; NULL: there is
     * nothing. */
    void (*queue_release)(struct virtio_device *, struct virtqueue *);
    /* Everything is set up: connect the interrupt. The core sets DRIVER_OK afterwards. */
    int (*start)(struct virtio_device *);
    /* Disconnect the interrupt; safe before start. */
    void (*stop)(struct virtio_device *);
    void (*notify)(struct virtio_device *, struct virtqueue *); /* any context */

    bool modern; /* VERSION_1 must be negotiated (modern) or cannot be (legacy) */
    /* A block device behind it would take GET_ID for a read of that sector (lguest): its disks
     * have no serial. */
    bool no_get_id;
};

/* ---- devices ---- */

struct virtio_driver;

struct virtio_device {
    struct list link; /* in the list of all devices, in the order found */
    const struct virtio_transport *transport;
    const struct virtio_driver *driver; /* NULL: nobody wants it */
    void *driver_data;
    char where[24];      /* "pci 00:03.0": for messages */
    uint16_t type;       /* VIRTIO_ID_* */
    uint64_t offered;    /* as read once in bring-up */
    uint64_t negotiated; /* never re-read from the offer */
    bool running;        /* DRIVER_OK was set */
    bool failed;         /* given up, with FAILED in the device's status */
    bool stuck;          /* a reset did not finish: what it was given is never taken back */
    unsigned nr_queues;  /* made so far; a queue's structure stays when its ring goes */
    struct virtqueue *queues[VIRTIO_MAX_QUEUES];
    /* Marked by a configuration interrupt and by the two verbs for failures. */
    struct deferred config_work;
    const char *trouble; /* a driver's reason to start over or to give up, or NULL */
    bool hopeless;       /* the reason was one to give up */
    uint64_t interrupts, config_changes, resets;
    uint64_t period_start; /* since when `period_resets` counts, for the core's limit */
    unsigned period_resets;
};

/*
 * A transport calls this for each device it finds; the structure is the first member of its
 * own (or reachable from it) and lives for ever. Matches a driver and brings the device up
 * (virtio 1.2, 3.1.1). A failure is reported here, in one line, and leaves the device reset
 * with FAILED set.
 */
void virtio_device_found(struct virtio_device *);
/* The driver for a device type that is linked into this image, or NULL: then a transport need
 * not switch the device on, only list it. */
const struct virtio_driver *virtio_driver_find(uint16_t type);
/* All devices, for the shell and /status: call with NULL first. */
struct virtio_device *virtio_device_next(struct virtio_device *after);
/* From a transport's interrupt handler: queue activity, configuration change. Any context. */
void virtio_queue_interrupt(struct virtio_device *);
void virtio_config_interrupt(struct virtio_device *);

/*
 * What a driver does about its device's failures; both act at the next known point, log `why`
 * (which stays the caller's) and do nothing to a device that is not running.
 *
 * virtio_recover: the device stopped answering, and may serve again. Stop, reset, bring up
 * again, as if the device had asked for it.
 * virtio_give_up: nothing that the device says is believed any more, as when a queue is broken.
 * It is reset, so that it lets go of its memory, the driver's stopped() finds v->failed set, and
 * that is the end of it.
 */
void virtio_recover(struct virtio_device *, const char *why);
void virtio_give_up(struct virtio_device *, const char *why);

static inline bool
virtio_has(const struct virtio_device *v, unsigned bit)
{
    return v->negotiated >> bit & 1;
}

/* Name of a feature bit of a device type ("MRG_RXBUF", "EVENT_IDX"), NULL if unknown. */
const char *virtio_feature_name(uint16_t type, unsigned bit);
/* Name of a device type: "net", "block", ...; "unknown". */
const char *virtio_type_name(uint16_t type);

/*
 * What is accepted of an offer: the driver's own bits and those of the ring and transport that
 * this core can serve, less every bit whose `needs` (below; NULL: none) is missing.
 */
struct virtio_dependency;
uint64_t virtio_features_accept(uint64_t offered, uint64_t wanted, bool modern,
                                const struct virtio_dependency *);

/*
 * Configuration fields, only after the features that make them valid were negotiated.
 * Little-endian or native as the transport needs is solved here: x86 is both. A field of 64
 * bits is read as two halves inside a generation loop (virtio 1.2, 2.5.1); on failure -EINVAL
 * or -EIO (it never settles) and *out is untouched. A length of 1, 2, 4 or 8 is one field,
 * accessed in its natural width; any other, at most VIRTIO_CONFIG_MAX, is an array of bytes.
 */
#define VIRTIO_CONFIG_MAX 64
int virtio_config_read(struct virtio_device *, size_t offset, void *out, size_t len);
int virtio_config_read8(struct virtio_device *, size_t offset, uint8_t *out);
int virtio_config_read16(struct virtio_device *, size_t offset, uint16_t *out);
int virtio_config_read32(struct virtio_device *, size_t offset, uint32_t *out);
int virtio_config_read64(struct virtio_device *, size_t offset, uint64_t *out);
/* One field of 32 bits. 0, or -EINVAL: it is not there. Any context. */
int virtio_config_write32(struct virtio_device *, size_t offset, uint32_t value);

/* "If `bit` is wanted then `needs` must be there too" (virtio 1.2, 5.x.3.1). */
struct virtio_dependency {
    uint8_t bit, needs;
};

struct virtio_driver {
    uint16_t type;
    const char *name;  /* "virtio-net" */
    uint64_t features; /* device bits that the driver can use; ring bits are the core's */
    const struct virtio_dependency *dependencies; /* ends with {0, 0} */
    /*
     * Features are settled, the device is not running: read the configuration, make queues
     * (virtio_queue_new), fill rings. The first time v->driver_data is NULL; after
     * DEVICE_NEEDS_RESET it is called again with what it set. Non-zero: the core releases
     * the queues and sets FAILED.
     */
    int (*probe)(struct virtio_device *);
    /* DRIVER_OK is set: kick what was posted, register with kernel/device.h. */
    void (*started)(struct virtio_device *);
    /*
     * The device was reset and the queues are about to go: take back tokens (vq_detach), and
     * answer -EIO until started() comes again. v->failed: it never will. Called after a failed
     * probe as well, if that had set v->driver_data: some queues may not have been made then,
     * and it may come twice in a row.
     */
    void (*stopped)(struct virtio_device *);
    /* A configuration change interrupt, or NULL. */
    void (*config_changed)(struct virtio_device *);
};

/* ENLIST(virtio_drivers, ...): a struct virtio_driver. */
/* A transport's bus is ENLIST(buses, ...): a struct bus of kernel/platform.h. */

/* ---- queues ---- */

/*
 * The verbs. Chain state and the free list live in private memory; the shared ring is written
 * in order and read only through one checked accessor. Split and packed ring fill this table.
 */
struct vq_ops {
    int (*add)(struct virtqueue *, const struct sg *, unsigned out, unsigned in, void *token);
    bool (*kick)(struct virtqueue *); /* does the device want to hear of q->unkicked? */
    void *(*reap)(struct virtqueue *, uint32_t *len); /* never NULL */
    bool (*irq_on)(struct virtqueue *);
    void (*irq_off)(struct virtqueue *);
};

struct virtqueue {
    const struct vq_ops *ops;
    struct virtio_device *device;
    uint16_t index;
    uint16_t size; /* entries of the ring */
    uint16_t free; /* descriptors not in use */
    /* Added since the last kick, in the unit of the layout's event index: chains of a split
     * ring, descriptors of a packed one. */
    uint32_t unkicked;
    struct vq_area area;
    bool broken; /* the device violated the protocol; nothing is read any more */
    bool packed, indirect, event_idx;     /* negotiated */
    const char *name;                     /* "rx", "tx": for messages */
    void (*callback)(struct virtqueue *); /* deferred work: reap */
    struct deferred work;
    uint32_t notify_data; /* the transport's: where to notify */
    void *transport_data;
    /* Counters, for `dev` of the shell. */
    uint64_t added, reaped, interrupts, violations;
    uint64_t kicks, kicks_suppressed; /* sent; not wanted although something was new */
    void *ring;                       /* the layout's private state... */
    struct ring_slot *slots;          /* ...with one for each entry */
    uint16_t detach_at;               /* slots below have been detached */
};

/*
 * Make queue `index`; `callback` (deferred work, may be NULL) is called after the device used
 * buffers. The queue belongs to the device and is released by the core. Errors of the
 * transport's queue_setup.
 */
int virtio_queue_new(struct virtio_device *, uint16_t index, const char *name,
                     void (*callback)(struct virtqueue *), struct virtqueue **out);

/*
 * Offer a chain: `out` parts that the device reads, then `in` parts that it writes (virtio
 * 1.2, 2.7.4.2); token (not NULL) comes back from vq_reap. The device sees it at once or at
 * the next kick. The parts' memory stays the device's until then; the array does not.
 * -ENOSPC: not enough free descriptors now. -EINVAL: no parts, a part of length 0, more parts
 * than the ring has entries, 4 GiB or more in all. -EIO: broken.
 */
int vq_add(struct virtqueue *, const struct sg *, unsigned out, unsigned in, void *token);
/* Notify if the device wants to know of what was added since the last kick; true if it was
 * notified. */
bool vq_kick(struct virtqueue *);
/*
 * Next chain that the device has done with; NULL when there is none or the queue is broken.
 * *len (may be NULL) is what the device says it wrote, never more than the writable bytes
 * offered (a larger value is cut and counted as a violation; virtio 1.2, 2.7.8.2).
 */
void *vq_reap(struct virtqueue *, uint32_t *len);
/* Ask for interrupts again, fence, and look: true if something slipped in, then reap on. */
bool vq_irq_on(struct virtqueue *);
void vq_irq_off(struct virtqueue *);
/* After a reset: the tokens still in flight, one a call, then NULL. A queue that was never made
 * (NULL) has none. */
void *vq_detach(struct virtqueue *);

/* Mark broken: counted, logged once with `why`, and the callback is run so that the driver
 * learns of it. For the ring and for drivers that catch a lie of the device themselves. */
void vq_break(struct virtqueue *, const char *why);

#endif
