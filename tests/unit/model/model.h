/*
 * The model M of the virtio checklist: virtio devices made of registers, behind the kernel's
 * own I/O accessors. The code under test (core, ring, transports, device drivers) runs
 * unchanged in a host process; every port or memory-mapped access and every look at PCI
 * configuration space ends here.
 *
 * The model polices whoever drives it. A breach (status bits out of order, a queue touched
 * before the features were settled, a wrong width, a field read whose feature was not
 * negotiated, a malformed chain, a notification too early) is recorded as a violation, with
 * the rule's name. It is written from the specification alone and shares no code with the
 * driver, only the numbers of abi/virtio.h.
 *
 * With `lies` all zero it is an honest device. Every lie is one knob, so that a test says
 * what it lies about.
 *
 * Usual shape of a test:
 *
 *     static void serve(struct model *m, unsigned queue, void *arg)
 *     {
 *         struct model_chain c;
 *         while (model_pop(m, queue, &c))
 *             model_push(m, queue, c.head, model_write(&c, 0, "hello", 5));
 *     }
 *     ...
 *     model_machine_reset();
 *     struct model *m = model_new(&(struct model_setup){.type = VIRTIO_ID_CONSOLE,
 *         .nr_queues = 2, .serve = serve});
 *     shim_discover();            the driver finds it and brings it up
 *     ... use the driver ...
 *     model_run();                     the device works, interrupts, deferred work
 *     model_assert_clean();
 */
#ifndef TESTS_UNIT_MODEL_H
#define TESTS_UNIT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "abi/virtio.h"

#define MODEL_MAX_DEVICES 8
#define MODEL_MAX_QUEUES  8
#define MODEL_MAX_PARTS   1024
#define MODEL_CONFIG_SIZE 256
#define MODEL_NEVER       UINT64_MAX

struct model;

enum model_bus {
    MODEL_PCI_MODERN,       /* id 0x1040 + type, capabilities, memory BARs */
    MODEL_PCI_LEGACY,       /* id 0x1000 + x, I/O BAR 0, no capabilities */
    MODEL_PCI_TRANSITIONAL, /* both faces */
    MODEL_MMIO_1,           /* memory-mapped registers, legacy; named by a word */
    MODEL_MMIO_2,           /* the same, modern */
    MODEL_LGUEST,           /* a descriptor on the device page; model_host_boot() before it */
};

/* ---- the lies ---- */

struct model_lies {
    uint64_t reset_ns; /* clock time until a reset is over; MODEL_NEVER: for ever. Until then
                          the device goes on writing into its rings */
    uint64_t refuse;   /* FEATURES_OK does not stick if one of these was accepted */
    bool never_serve;  /* notifications are ignored */
    uint32_t refuse_vectors; /* of MSI-X: these read back as 0xffff */
    bool refuse_ready;       /* of mmio: QueueReady reads back as 0 */
    uint8_t at_ack;          /* of mmio: bits of the status that come up just before an
                          acknowledgement, once */
    bool loud;               /* of mmio: the interrupt status never reads as 0 */
    bool spurious; /* an interrupt at every register write or hypercall, reason or none */
    /* Called before each access to the device configuration; it may change that with
     * model_config_poke: a configuration that moves while it is read. */
    void (*config_access)(struct model *, size_t offset, void *arg);
};

/* ---- making and removing ---- */

struct model_setup {
    enum model_bus bus;
    uint16_t type;     /* VIRTIO_ID_* */
    uint64_t features; /* offered; VERSION_1 is added on modern ones unless no_version_1 */
    bool no_version_1;
    const void *config; /* initial device configuration, config_len bytes, rest absent */
    size_t config_len;
    unsigned nr_queues;
    uint16_t queue_size[MODEL_MAX_QUEUES]; /* 0: 64, on lguest 256 */
    uint8_t feature_len;                   /* of lguest: bytes of a bitmap */
    struct model_lies lies;
    /*
     * The device's side of a queue that was notified. Called from model_run, from waits and
     * from readings of the clock, never from inside the notification. Optional.
     */
    void (*serve)(struct model *, unsigned queue, void *arg);
    void *arg;

    /* How the PCI function looks; zero is the usual. */
    bool io_bars;             /* the modern BAR is I/O space */
    bool bar_64;              /* the modern BAR is 64 bits wide */
    uint64_t bar_address;     /* where firmware put the modern BAR; 0: chosen */
    bool notify_multiplier_0; /* all queues share one notify address */
    unsigned msix;            /* entries of its MSI-X table, at most 16; `edit` may enable it */
    bool no_config_window;    /* no PCI_CFG capability */
    uint8_t irq;              /* interrupt line; 0: 11, shared by all */
    uint32_t mmio_magic, mmio_version; /* instead of the right ones */
    /* Called when configuration space, or lguest's descriptor, is ready: change bytes of it. */
    void (*edit)(struct model *, uint8_t *pci_config, void *arg);
};

/* A bare machine: no devices, clock 0, no violations, all memory of the shim accounted
 * anew. Forgets the virtio core's list of devices as well. */
void model_machine_reset(void);
/* Byte of PCI configuration space where `edit` finds the nth vendor capability: common, notify,
 * isr, device, in this order. */
unsigned model_capability_at(unsigned n);
/* The same for the MSI-X capability, whose enable bit is bit 7 of its fourth byte. */
unsigned model_msix_at(void);
/* Every device that is modern only offers RING_PACKED: the same for a program's whole life
 * (offer_packed.c). */
extern bool model_offers_packed;
/* A machine without a local APIC, from now on until model_machine_reset. */
void model_apic_remove(bool gone);
/* What the command line has as words `virtio_mmio.device=`, instead of one for each mmio device
 * that is plugged in: until a NULL. And one more table of AML code. Until model_machine_reset. */
void model_words(const char *const *values);
void model_aml(const uint8_t *aml, size_t len);
/* The vector of a queue as the device has it; 0xffff: none. */
uint16_t model_queue_vector(const struct model *, unsigned queue);
bool model_msix_enabled(const struct model *);
/* Plug a device into the next PCI slot; the model owns it until model_machine_reset. */
struct model *model_new(const struct model_setup *);

/* ---- time ---- */

/* Devices serve what was notified, interrupts are delivered, deferred work and due timers
 * run, until nothing moves any more. Bounded: fails the test after 100 000 rounds. */
void model_run(void);
/* Only the devices; called by the shim's clock. */
void model_devices(void);

/* ---- the device's side of a queue ---- */

struct model_part {
    void *base;
    uint32_t len;
};

struct model_chain {
    uint16_t head;
    unsigned nr_out, nr_in; /* parts[0..nr_out) readable, then nr_in writable ones */
    struct model_part parts[MODEL_MAX_PARTS];
};

/* Next available chain, walked and checked by the rules of 2.7; false when there is none.
 * Copies the descriptors first: what the driver does to them later is not noticed. `head` is
 * the buffer id in a packed ring. */
bool model_pop(struct model *, unsigned queue, struct model_chain *);
/* Bytes of the readable or writable parts from `offset` on; the number moved. */
size_t model_read(const struct model_chain *, size_t offset, void *to, size_t len);
size_t model_write(const struct model_chain *, size_t offset, const void *from, size_t len);
size_t model_readable(const struct model_chain *);
size_t model_writable(const struct model_chain *);
/* Put (id, len) into the used ring, anything at all, and interrupt if the driver wants it. */
void model_push(struct model *, unsigned queue, uint32_t id, uint32_t len);
/* The same without telling anybody; then model_interrupt. */
void model_push_quietly(struct model *, unsigned queue, uint32_t id, uint32_t len);
/* Set the device's used index to this value outright; a split ring has one. */
void model_used_index(struct model *, unsigned queue, uint16_t idx);
/* An interrupt with these bits of the ISR (VIRTIO_ISR_*), wanted or not. */
void model_interrupt(struct model *, uint8_t isr);
/* Chains made available and not popped yet. */
unsigned model_waiting(struct model *, unsigned queue);

/* ---- changes from outside ---- */

/* Bytes of PCI configuration space, as another model of card would have them. */
void model_pci_poke(struct model *, unsigned at, const void *from, size_t len);
/* Change configuration bytes and bump the generation; _set interrupts too (if running). */
void model_config_poke(struct model *, size_t offset, const void *from, size_t len);
void model_config_set(struct model *, size_t offset, const void *from, size_t len);
void model_needs_reset(struct model *);
/* Lie from now on; the old ones are forgotten. */
void model_lie(struct model *, const struct model_lies *);

/* ---- looking ---- */

uint8_t model_status(const struct model *);
uint64_t model_accepted(const struct model *);
bool model_queue_enabled(const struct model *, unsigned queue);
unsigned model_notified(const struct model *, unsigned queue); /* notifications taken */
unsigned model_resets(const struct model *);
/* Of lguest: start notifications taken since it was plugged in, and those of FAILED. */
unsigned model_starts(const struct model *);
unsigned model_failures(const struct model *);
/* Configuration bytes as the driver has written them. */
const uint8_t *model_config(const struct model *);

/* Breaches of the rules since model_machine_reset; the text of each names its rule. */
unsigned model_violations(void);
bool model_violated(const char *text);
/* Fail the running test, printing them, if there are any. */
void model_assert_clean(void);

#endif
