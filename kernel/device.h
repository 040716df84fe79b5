/*
 * What a console, a network interface, a disk and an entropy source can do. Drivers fill
 * these structures and register them; the C library glue, the TCP/IP stack and applications
 * use them and never learn what is behind. Nothing here knows virtio.
 *
 * Ownership: the driver owns the structure, which stays registered until the kernel ends; a
 * device that fails is marked `broken` and answers -EIO from then on.
 *
 * Context: functions of a device are called from threads or deferred work, never from an
 * interrupt handler, and do not block unless they say so. Callbacks into the user come from
 * deferred work.
 */
#ifndef KERNEL_DEVICE_H
#define KERNEL_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel/list.h"
#include "kernel/thread.h"

/* One part of a scatter list. */
struct sg {
    void *base;
    uint32_t len; /* bytes, not 0 */
};

static inline uint64_t
sg_bytes(const struct sg *parts, unsigned nr)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < nr; i++)
        total += parts[i].len;
    return total;
}

/* ---- consoles ---- */

struct console_device {
    struct list link;
    const char *name; /* "hvc0", "ttyS0" */
    int rank; /* the highest registered rank is the console, unless console= names one */
    uint16_t columns, rows; /* 0 where the device does not say */
    /*
     * Output. None of the three waits or sleeps, and all work in any context but interrupt
     * handlers, since a panic comes through here. room: bytes that write() takes now. write:
     * takes `len` bytes, at most room(), as a copy. push: gets what was written on its way;
     * true while the host has not taken all of it, and then, if somebody is going to `wait`
     * for that, `changed` is woken.
     */
    size_t (*room)(struct console_device *);
    void (*write)(struct console_device *, const char *text, size_t len);
    bool (*push)(struct console_device *, bool wait);
    /* Bytes that have arrived, up to `size`; 0 when there are none. */
    size_t (*read)(struct console_device *, char *to, size_t size);
    /* Woken by the driver when input arrives, when the size changes, when there is room again
     * after there was none, and for push(). Made by the driver, which may have to wake it before
     * the console is registered. */
    struct wait_queue changed;
    bool ended;       /* the host has told that nothing more will arrive */
    uint64_t dropped; /* bytes of the kernel's own lines that nobody took in time */
};

/* stdio=: it is for a program's bytes, and the kernel's lines go to the early console, if another. */
extern bool console_raw;
void console_register(struct console_device *);
/* The chosen console; NULL before there is one (then output goes to the early console). */
struct console_device *console_current(void);
/*
 * A program's output through it, `raw` or with "\n" as "\r\n". Never waits: returns how many
 * bytes of `text` were taken, and whoever has more waits on console_current()->changed. Threads
 * and deferred work.
 */
size_t console_write(const char *text, size_t len, bool raw);
/* Would console_write take anything? */
bool console_writable(void);
/* The host has not taken all that was written yet. */
bool console_busy(void);
/*
 * A line of the kernel's own with its "\n": not in the middle of an unfinished line of a
 * program's, which follows again. Waits half a second at most for a host that does not read;
 * what is left out then is counted, and told as soon as there is room. Any context but interrupt
 * handlers.
 */
void console_line(const char *text, size_t len);
/*
 * For the end. console_drain: sleeps until the host has taken all, or has taken nothing for
 * CONSOLE_PATIENCE; then what is lost is said on the early console. Threads. console_finish: the
 * same for any context, without sleep, for half a second.
 */
#define CONSOLE_PATIENCE (10 * 1000000000ull)
void console_drain(void);
void console_finish(void);

/* ---- network interfaces ---- */

#define NET_MAX_PARTS 64 /* most parts of a frame or of a posted chain on any device */

/* What a driver says of a received frame, and a stack of one to send. */
struct net_meta {
    bool csum_valid;      /* rx: the device vouches for the checksums (or they are partial) */
    bool csum_partial;    /* tx and rx: sum of pseudo-header only is in the field */
    uint16_t csum_start;  /* with csum_partial: bytes from the start of the frame, checked */
    uint16_t csum_offset; /* from csum_start to the 16-bit field, checked to be inside */
    uint16_t gso_size;    /* 0, or the segment size of a TCP super-segment */
};

struct net_counters {
    uint64_t rx_frames, rx_bytes, rx_dropped, rx_bad;
    uint64_t tx_frames, tx_bytes, tx_dropped;
};

struct net_device {
    struct list link;
    char name[8]; /* "eth0" */
    uint8_t mac[6];
    uint16_t mtu; /* largest IP packet, bytes */
    bool link_up;
    bool broken;
    bool tx_csum;          /* the device completes partial checksums */
    bool rx_csum;          /* frames may come with csum_valid or csum_partial */
    uint16_t rx_headroom;  /* the driver uses this many first bytes of each posted chain */
    uint32_t rx_min;       /* least bytes a posted chain must have, headroom included */
    uint32_t rx_chain_max; /* most parts of a posted chain; at most NET_MAX_PARTS */
    uint32_t tx_chain_max; /* most parts of a frame to send; likewise */
    struct net_counters counters;

    /*
     * Give the driver an empty buffer chain; `token` comes back with received() or
     * rx_released(). -ENOSPC when the ring is full, -EIO when broken. Takes effect at kick.
     */
    int (*rx_post)(struct net_device *, const struct sg *parts, unsigned n, void *token);
    /*
     * Send one frame without copying; the parts stay untouched until sent(token). -ENOSPC
     * when the ring is full (sent() of another will follow), -EIO, -EINVAL (too many parts,
     * or what the device does not do).
     */
    int (*tx)(struct net_device *, const struct sg *parts, unsigned n,
              const struct net_meta *meta, void *token);
    /* Tell the device about what was posted and queued since the last kick. */
    void (*kick)(struct net_device *);

    /* Filled by the user of the device (lib/net) before net_open; all from deferred work. */
    struct net_user {
        /*
         * A frame in n buffers (n > 1 only with mergeable buffers): tokens[i] holds lens[i]
         * bytes; those of the first begin `rx_headroom` bytes into the chain (lens[0] does
         * not count them).
         */
        void (*received)(void *arg, void *const *tokens, const uint32_t *lens, unsigned n,
                         const struct net_meta *meta);
        /* A posted chain comes back empty (malformed frame, device reset). */
        void (*rx_released)(void *arg, void *token);
        /* The driver has done with a transmitted frame, sent or not. */
        void (*sent)(void *arg, void *token);
        /* After a batch of received(): post new buffers, then kick. */
        void (*refill)(void *arg);
        /* link_up, mtu or broken changed. */
        void (*changed)(void *arg);
        void *arg;
    } user;
};

#define NET_MERGE_MAX 17 /* most buffers of one merged frame: 65 550 bytes in 4096 byte ones */

void net_register(struct net_device *);                /* gives it its name */
struct net_device *net_next(struct net_device *after); /* NULL first */

/* ---- disks ---- */

enum disk_op { DISK_READ, DISK_WRITE, DISK_FLUSH };

#define DISK_SECTOR    512
#define DISK_BLOCK_MAX 4096 /* a disk of larger logical blocks is not used */
#define DISK_MAX_PARTS 64

/*
 * One request; storage, parts and data stay untouched until done() was called, which happens
 * exactly once for each accepted request. One that is not answered within the disk's `timeout`
 * costs a reset of the device, after which the device has let go of all data: the late one
 * ends with -ETIMEDOUT, the others in flight are started again unseen (so a write may reach
 * the disk twice). What the driver itself shares with the device is never freed.
 */
struct disk_request {
    enum disk_op op;
    uint64_t sector; /* in units of 512 bytes, where a block begins; from an accepted request on
                        the driver's, which may have moved it */
    const struct sg *parts;
    unsigned nr_parts; /* lengths sum up to whole blocks; 0 for flush */
    void (*done)(struct disk_request *);
    void *arg;
    /* 0, or -EIO, -ENOTSUP (device says unsupported), -ETIMEDOUT. Valid in done(). */
    int status;
    struct list link;         /* the driver's, while in flight */
    uint64_t bytes, deadline; /* the driver's */
};

/* A request of a stretch of memory, with the parts that a disk may need it to be cut into. */
#define DISK_CHUNK_PARTS 8
struct disk_chunk {
    struct disk_request request;
    struct sg parts[DISK_CHUNK_PARTS];
};

struct disk_counters {
    uint64_t reads, writes, flushes, read_bytes, write_bytes, errors, timeouts;
};

struct disk_device {
    struct list link;
    char name[8]; /* "vda" */
    uint64_t
        capacity; /* sectors of 512 bytes, INT64_MAX bytes at most, and of a whole disk whole
                            blocks; changes with a config interrupt */
    uint32_t block_size; /* bytes: a power of two, 512 to DISK_BLOCK_MAX, that never changes */
    uint32_t max_parts;  /* of one request */
    uint32_t max_part;   /* bytes of one part */
    bool read_only;
    bool can_flush;
    bool broken;
    char serial[21];  /* NUL-terminated here; empty where the device has none */
    uint64_t timeout; /* ns that a request may take; 30 s, anybody may change it */
    struct disk_counters counters;
    struct wait_queue space; /* made and woken by the driver of a whole disk: see disk_space */
    unsigned writers;        /* these two of a whole disk and lib/fs's: see fs_disk_bytes */
    bool patching;
    struct disk_device *whole; /* of a partition: the disk that it lies on; else NULL */
    uint64_t start; /* of a partition: its sector there, maybe within a block; else 0 */
    /*
     * Start a request. The range is checked against the capacity without overflow. -EINVAL
     * (range, lengths, parts), -EROFS, -ENOTSUP (flush), -ENOSPC (ring full: wait on disk_space),
     * -EIO (broken). Accepted with 0: done() follows, from deferred work.
     */
    int (*submit)(struct disk_device *, struct disk_request *);
};

/* Gives a whole disk its name: vda, vdb, ...; a partition comes with one. */
void disk_register(struct disk_device *);
struct disk_device *disk_next(struct disk_device *after);
struct disk_device *disk_find(const char *name);
/* What to wait on after -ENOSPC. */
static inline struct wait_queue *
disk_space(struct disk_device *d)
{
    return d->whole ? &d->whole->space : &d->space;
}
/*
 * Start one request between the chunk's sector and `data`: of `len` bytes as many as it carries,
 * disk_chunk_max (whole blocks, one at least). The caller has set op, sector, done and arg of its
 * request. Returns those bytes, or an error of submit.
 */
long disk_start(struct disk_device *, struct disk_chunk *, void *data, size_t len);
size_t disk_chunk_max(const struct disk_device *);
/*
 * Read or write sectors [sector, sector + len/512), which are whole blocks of the disk (-EINVAL),
 * with any alignment of `data`: in chunks, several of them in flight. Blocks. 0 or negative errno
 * as in disk_request and submit.
 */
int disk_transfer(struct disk_device *, enum disk_op, uint64_t sector, void *data, size_t len);
int disk_flush(struct disk_device *);

/* ---- entropy ---- */

struct entropy_device {
    struct list link;
    const char *name;
    /* Up to `size` random bytes, and have more fetched when there are none left. Does not block.
     * Bytes, 0 when they are still to come (entropy_changed tells), or -EIO. */
    int (*read)(struct entropy_device *, void *to, size_t size);
};

void entropy_register(struct entropy_device *);
/* The driver's: bytes have come, or none will. */
void entropy_changed(void);
/* Woken by each call of that. */
extern struct wait_queue entropy_waiters;
/*
 * `size` bytes that nobody can guess. As long as the sources have not given 32 bytes since the
 * start, a thread waits for that until `deadline` (clock_now scale; 0: not at all). 0; -EAGAIN:
 * they still have not; -ENODEV: there is no source; -EIO: none works.
 */
int entropy_read(void *to, size_t size, uint64_t deadline);
/* What those who can do without wait for a source that was started with them. */
#define ENTROPY_PATIENCE (NSEC_PER_SEC / 10)

#endif
