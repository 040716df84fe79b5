/*
 * Inside the model: the state of one device, and what its parts (registers of each transport,
 * PCI function, queues) call of one another.
 */
#ifndef TESTS_UNIT_MODEL_DEVICE_H
#define TESTS_UNIT_MODEL_DEVICE_H

#include "abi/lguest.h"
#include "model/model.h"

struct model_queue {
    uint16_t max, size;
    bool enabled;
    uint64_t desc, driver, device;  /* addresses as the driver gave them */
    uint16_t seen, used, signalled; /* indices: chains taken, put, and interrupted about */
    bool pending;                   /* notified, not served yet */
    uint16_t vector;                /* of MSI-X */
    unsigned notified;
    bool in_flight[VRING_SIZE_MAX]; /* by head */
    uintptr_t ring;                 /* of lguest: the host's pages, and the interrupt */
    unsigned irq;
    bool num_written, align_written;   /* of mmio */
    uint32_t packed_seen, packed_used; /* of a packed ring: places, counted on for ever */
    uint32_t packed_signalled;
    uint16_t packed_count[VRING_SIZE_MAX]; /* descriptors, by id */
};

struct model {
    struct model_setup setup;
    unsigned slot;
    uint8_t pci[256];
    uint8_t msix_table[256];
    uint32_t msix_pending; /* by entry */
    uint16_t config_vector;
    uint32_t bar_mask[6]; /* bits that can be written; 0: no such register */

    bool by_ports; /* driven by the legacy face, as the last status write had it */
    uint64_t offered, accepted;
    bool features_written;
    uint32_t device_select, driver_select;
    uint8_t status, isr, generation;
    uint16_t queue_select;
    uint8_t config[MODEL_CONFIG_SIZE];
    uint64_t reset_until; /* of a reset that is going on, else 0 */
    unsigned resets, starts, failures;
    size_t descriptor;                        /* of lguest: where on the page */
    uint8_t published[LGUEST_DESC_PAGE_SIZE]; /* and as it was */
    size_t published_len;
    uint32_t page_size; /* of mmio version 1 */
    bool edge;          /* of mmio: its line rose, and nobody was told yet */
    struct model_queue queues[MODEL_MAX_QUEUES];
};

static inline bool
model_negotiated(const struct model *m, unsigned bit)
{
    return m->accepted >> bit & 1;
}

/* 64 bits as two registers; of others, beyond them, nothing can be read. */
static inline uint32_t
model_half(uint64_t value, unsigned which)
{
    return which < 2 ? value >> 32 * which : 0;
}

static inline void
model_half_set(uint64_t *value, unsigned which, uint32_t half)
{
    *value &= ~((uint64_t)UINT32_MAX << 32 * which);
    *value |= (uint64_t)half << 32 * which;
}

/* A breach of the rule that the text begins with. */
void model_violation(const struct model *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* state.c: what is the same for every transport. */
bool model_modern(const struct model *);
uint8_t model_status_read(struct model *);
void model_status_write(struct model *, uint8_t value);
/* The half of the offer that the driver selected; and a half of what it accepts. */
uint32_t model_features_read(const struct model *);
void model_features_write(struct model *, unsigned half, uint32_t value);
uint32_t model_config_read(struct model *, size_t offset, unsigned width);
void model_config_write(struct model *, size_t offset, uint32_t value, unsigned width);
uint8_t model_isr_read(struct model *);
void model_notify(struct model *, unsigned queue);
/* The interrupt of a queue. */
void model_queue_interrupt(struct model *, unsigned queue);
/* What was accepted, against the offer and itself. */
void model_features_check(const struct model *);
/* True, with a violation if not, when a queue's registers may be touched. */
bool model_queue_writable(struct model *);
/* The queue that the driver selected; one without entries where there is none. */
struct model_queue *model_queue_selected(struct model *);
void model_queue_size_write(struct model *, uint32_t size);
/* Of a legacy queue: its areas in one run of pages. */
void model_queue_place(struct model_queue *, uint64_t desc, size_t entries);
/* Take the queue into use with the addresses it has. */
void model_queue_enable(struct model *, unsigned queue);
/* A reset whose time has come is carried out; one still going on scribbles on its rings. */
void model_reset_progress(struct model *);

/* registers.c: offsets inside a BAR to the functions above. */
uint32_t model_legacy_read(struct model *, uint32_t offset, unsigned width);
void model_legacy_write(struct model *, uint32_t offset, uint32_t value, unsigned width);
uint32_t model_modern_read(struct model *, uint32_t offset, unsigned width);
void model_modern_write(struct model *, uint32_t offset, uint32_t value, unsigned width);

/* pci.c: the function itself. */
#define MODEL_MODERN_BAR 4
#define MODEL_MSIX_BAR   1
#define MODEL_MSIX_SIZE  0x1000
#define MODEL_CAP_MSIX   0xa0

/* Where the windows of the modern BAR are; an I/O BAR is smaller. */
struct model_layout {
    uint32_t size, common, isr, notify, device;
};
const struct model_layout *model_layout(const struct model *);
void model_pci_init(struct model *);
uint16_t model_pci_command(const struct model *);

/* queue.c */
bool model_queue_ready(const struct model *, unsigned queue);
/* A part of a chain; false, with a violation, if it cannot be. */
bool model_part_add(struct model *, struct model_chain *, uint64_t addr, uint32_t len,
                    bool writable);

/* packed.c: the same for a packed ring. */
bool model_packed(const struct model *);
void model_packed_enable(struct model *, unsigned queue);
unsigned model_packed_waiting(struct model *, unsigned queue);
bool model_packed_pop(struct model *, unsigned queue, struct model_chain *);
void model_packed_push(struct model *, unsigned queue, uint32_t id, uint32_t len);
bool model_packed_interrupt(struct model *, unsigned queue);

/* mmio.c */
bool model_mmio(const struct model *);
unsigned model_mmio_irq(const struct model *);
struct model *model_mmio_at(uint64_t address, uint32_t *offset); /* NULL: none there */
uint32_t model_mmio_read(struct model *, uint32_t offset, unsigned width);
void model_mmio_write(struct model *, uint32_t offset, uint32_t value, unsigned width);
void model_mmio_forget(void);

/* lguest.c */
void model_lguest_init(struct model *);
/* The configuration bytes of its descriptor. */
uint8_t *model_lguest_config(const struct model *);
/* A reset is over. */
void model_lguest_was_reset(struct model *);
/* Interrupts: deliver one that may be; true if one was. Is there one? */
bool model_lguest_deliver(void);
bool model_lguest_waiting(void);
/* True unless the machine is one without ports. */
bool model_lguest_ports(void);
void model_lguest_forget(void);

/* msix.c */
void model_msix_init(struct model *);
void model_msix_reset(struct model *);
void model_msix_forget(void);
uint32_t model_msix_read(struct model *, uint32_t offset, unsigned width);
void model_msix_write(struct model *, uint32_t offset, uint32_t value, unsigned width);
void model_vector_write(struct model *, uint16_t *vector, uint32_t value);
/* Send the message of an entry, now or when it may be. */
void model_msix_raise(struct model *, uint16_t vector);
/* Messages: deliver those that may be; true if one was. Is there one? */
bool model_msix_deliver(void);
bool model_msix_waiting(void);

/* machine.c */
struct model *model_at(unsigned index); /* NULL past the last */

#endif
