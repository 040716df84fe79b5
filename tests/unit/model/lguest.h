/*
 * The lguest host of the model: hypercalls, the device page, interrupts. Written from the
 * description of the interface (docs/lguest.md); what the original dies of is a violation here,
 * so that a test sees all of them. The devices are those of model.h on the bus MODEL_LGUEST.
 *
 *     probe_reset(state);  model_host_boot();  model_new(...);  shim_discover();
 */
#ifndef TESTS_UNIT_MODEL_LGUEST_H
#define TESTS_UNIT_MODEL_LGUEST_H

#include <setjmp.h>
#include "abi/lguest.h"
#include "model/model.h"

#define MODEL_HOST_CALLS (LHCALL_SEND_INTERRUPTS + 1)
#define MODEL_HOST_GATES 256

struct model_host {
    /* Knobs. */
    uint32_t tsc_khz; /* told at INIT */
    uint64_t time;    /* wall clock, ns; told at INIT and at each delivery */
    bool ports;       /* port 0xcf8 reads back, as on Linux 4.x */
    bool at_exits;  /* interrupts come at every hypercall; else only when the shim lets them */
    unsigned storm; /* so many more times each delivery raises its interrupt again */
    uint64_t tsc;   /* what the CPU's counter reads */
    jmp_buf *shutdown; /* where a SHUTDOWN leads */

    /* What was seen. */
    unsigned calls[MODEL_HOST_CALLS];
    uint32_t pending; /* interrupts raised and not delivered */
    unsigned delivered;
    unsigned depth, deepest; /* handlers on top of each other */
    bool halted;             /* inside of HALT */
    unsigned sleeps;         /* HALTs that found nothing to deliver */
    unsigned asked;          /* times that the kernel was asked to end */
    uint32_t clockevent;     /* ns, as last set; 0: none */
    uint16_t gs;             /* as last loaded */
    uint32_t descriptor[2];  /* of GDT entry 14 */
    char console[1024];      /* early output */
    char text[LGUEST_SHUTDOWN_TEXT];
    uint32_t reason;
    struct model_gate {
        uint32_t low, high;
    } gates[MODEL_HOST_GATES];
};
extern struct model_host model_host;

/* A host without devices that a guest has just entered: INIT, era probe, gates. */
void model_host_boot(void);
/* The same, up to where the guest may refuse the host. */
void model_host_start(void);
/* The device page, and all that lies behind it. */
uint8_t *model_host_page(void);
/* A device's descriptor in it, and the interrupt and ring pages of a queue. */
uint8_t *model_host_descriptor(struct model *);
unsigned model_host_irq(const struct model *, unsigned queue);
uintptr_t model_host_ring(const struct model *, unsigned queue);
/* Append raw bytes to the page: descriptors as they should not be. */
void model_host_append(const void *bytes, size_t len);
/* Raise an interrupt line. */
void model_host_raise(unsigned irq);
/* The host's occasion to deliver, as after each exit. */
void model_host_deliver(void);

#endif
