/*
 * The guest as the launcher holds it: its memory, its segments, and how its exits are served.
 * One process runs one guest on one thread, so all of this is state of the process; everything
 * here is called on that thread (the vCPU thread) unless it says otherwise.
 *
 * Addresses of type uint32_t are the guest's own, 0 being its first byte. A guest error ends
 * the launcher through die(), so nothing here returns one.
 */
#ifndef LAUNCHER_GUEST_H
#define LAUNCHER_GUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/ucontext.h>
#include "abi/lguest.h"
#include "launcher/vcpu/selectors.h"

#define PAGE 4096u

/* Exception 14 and bits of its error code (Intel SDM vol. 3, 4.7). */
#define TRAP_PAGE_FAULT    14
#define PAGE_FAULT_PRESENT 1u
#define PAGE_FAULT_WRITE   2u

/* The interrupted guest's registers, as the kernel saved them and will restore them. */
typedef greg_t *regs_t;

/* ---- memory.c ---- */

struct guest_memory {
    uint8_t *far;      /* guest address 0 in the far view, which has all of it */
    uint8_t *own;      /* and in the launcher's own view; NULL: there is none */
    uint32_t near_end; /* where the near view ends; 0: there is none */
    uint32_t ram;      /* bytes; what e820 says */
    uint32_t limit;    /* bytes; the device pages lie from ram to here */
};
extern struct guest_memory memory;

/* Maps `ram` bytes, a multiple of the page size, and room for device pages. */
void memory_map(uint32_t ram);
/* Takes pages behind the RAM for devices; they count as guest memory. */
uint32_t memory_device_pages(unsigned pages);
/* Are these bytes in the near view, where guest addresses are the host's? */
bool memory_is_near(uint32_t address, uint32_t len);
/* The guest address that a linear one of either view is. */
uint32_t memory_guest_address(uint32_t linear);
/* Host address of [address, address + len), or NULL if any byte of it is not the guest's. The
 * guest's page tables have no say there, until the guest runs again and may change them. */
void *memory_at(uint32_t address, uint32_t len);
/* The same, but ends the guest with the original's message. */
void *memory_read(uint32_t address, uint32_t len);
void *memory_write(uint32_t address, uint32_t len);
/* Fills [address, address + len), inside the RAM, from a file; false if it has to be read instead,
 * as it always has to after memory_filled. */
bool memory_fill(uint32_t address, uint32_t len, int fd, off_t offset);
void memory_filled(void);
/* All of it reads as zero again. */
void memory_clear(void);
/* What the guest may do in whole pages of a view, as of mprotect; false with errno if that cannot
 * be. Of what is not in the near view nothing happens there. */
bool memory_protect_near(uint32_t from, uint32_t to, int protection);
bool memory_protect_far(uint32_t from, uint32_t to, int protection);
/* The same bytes at an address where the guest's page tables never have a say. */
void *memory_to_keep(void *at);
/* Ends the launcher unless guest memory is all that is mapped below 4 GiB. */
void memory_check_alone(void);
/* A page below 4 GiB that the guest's segments do not reach. */
void *memory_scratch(void);
/* Behind all of it: room for GATE_PAGES, and for nothing else. */
void *memory_behind(void);

/* ---- loader.c ---- */

/* Opens the kernel and the initrd, which stay open for a restart. */
void loader_open(const char *kernel, const char *initrd);
/* Fills the guest's memory as the guest finds it; returns the entry address. */
uint32_t loader_load(const char *command_line);

/* ---- segments.c ---- */

/* Makes the code and the data segment over each view, and none of them past memory.limit. */
void segments_make(void);
/* Dies with the reason where this machine has no such segments, or no system call for the TLS. */
void segments_probe(void);
/* LOAD_GDT_ENTRY for index GUEST_TLS_INDEX: the two words of the descriptor. */
void segments_set_tls(uint32_t low, uint32_t high);
/* No such descriptor any more. */
void segments_reset(void);
/* Behind the one i386 system call of ours, which the filter lets through. */
extern const char segments_tls_call[];
/* May a guest have this in ds, es, fs or gs? */
bool segments_selector_known(uint16_t selector);

/* ---- paging.c ---- */

/* What the hypercalls say of page tables: the directory at `at` counts from now on; everything may
 * have changed, or what lies below `end` if that is not 0; one page has this entry, in directory
 * `of` or in all; an entry of directory `of` has changed. Bad ones end the guest. */
void paging_use(uint32_t at);
void paging_flush(uint32_t end);
void paging_set_entry(uint32_t of, bool all, uint32_t address, uint32_t entry);
void paging_set_table(uint32_t of, uint32_t i);
/* The guest is going to the far view, which is protected from then on. */
void paging_far(void);
/* Do the tables, as they were looked at last, let the guest touch that byte? */
bool paging_allows(uint32_t address, bool write);
/* May it touch and write all of these, or is that not for the tables to say? */
bool paging_is_open(uint32_t address, uint32_t len);
/* After a page fault: true if the tables, looked at again, allow it. */
bool paging_fault(uint32_t address, uint32_t error);
/* The error code that the guest is to see, of the host's. */
uint32_t paging_error(uint32_t address, uint32_t error);
/* No tables any more: everything may be touched. */
void paging_reset(void);

/* ---- view.c ---- */

/* Each takes the registers of an exit, and the guest's fs, which trap_handle loads at its end.
 *
 * A page fault, or one with the error code 0 that the guest did not ask for: true if it was the
 * near view's, which the guest does not have any more, so that the instruction is to be tried
 * again. */
bool view_page_fault(regs_t, uint16_t *fs);
bool view_limit_fault(regs_t, uint16_t *fs);
/* At each other exit, before anything is made of it: near again, if it is time. */
void view_exit(regs_t, uint16_t *fs);
/* Selectors as at the first instruction. */
void view_reset(regs_t);

/* ---- trap.c ---- */

#define SIGNAL_NUDGE SIGUSR1 /* another thread has something for the vCPU thread */
#define SIGNAL_TIMER SIGUSR2

void trap_setup(void);
/* Where the stack of the handlers begins, which is nobody's while the guest runs. */
uintptr_t trap_stack_top(void);
/* Ends the guest if a segment register holds what is not its own. */
void trap_check_selectors(const greg_t *, uint16_t fs);
/* Serves one of the launcher's own signals, between two instructions of the guest. */
void trap_arrived(int signal);
/* Registers as at the first instruction. */
void trap_start_state(regs_t, uint32_t entry);
/* The guest's first entry; enter.S. */
_Noreturn void enter_guest(uint32_t entry);

/* ---- gate.c ---- */

#define GATE_PAGES 2

/* Makes the gate, if this machine can have one and --no-gate was not said. */
void gate_setup(void);
/* Where the guest is to call, by LINUX_USER_CS; 0: there is no gate. */
uint32_t gate_address(void);
/* A signal came while 64-bit code was running: true if it is one that others send and the code was the
 * gate's, which will serve it before the guest goes on. The registers may be changed, and fs is what to load. */
bool gate_defers(int signal, regs_t regs, uint16_t *fs);
/* Is C code running in it? */
bool gate_is_inside(void);
struct pollfd;
/* Then: ppoll without a time limit, ended by what is deferred, which was served when it returns. */
int gate_sleep(struct pollfd *set, unsigned n);
/* Serves what was deferred: on the way out, and when the launcher is to end in the gate. */
void gate_serve_deferred(void);

/* ---- emulate.c ---- */

/* Skips cli, in and out at eip, as the original does; false if it is something else. */
bool emulate_privileged(regs_t);

/* ---- hypercall.c ---- */

/* The shared page; NULL before LGUEST_INIT. */
extern struct lguest_data *guest_data;

void hypercall(regs_t);
/* Is that call one for the gate: of those that neither end nor restart anything? */
bool hypercall_by_gate(const greg_t *);
/* Forgets everything the guest said, for a restart. */
void hypercall_reset(void);

/* ---- interrupt.c ---- */

/* A gate as LOAD_IDT_ENTRY left it. */
struct gate {
    uint32_t address;
    uint8_t type; /* 0xE interrupt, 0xF trap; 0: not present */
    uint8_t dpl;
};

void interrupt_setup(void);
void interrupt_reset(void);
void interrupt_set_gate(unsigned vector, uint32_t low, uint32_t high);
struct gate interrupt_gate(unsigned vector);
void interrupt_set_window(uint32_t start, uint32_t end);
/* Where frames go that the guest's stack cannot take, a selector and an esp; esp 0: nowhere. */
void interrupt_set_stack(uint16_t selector, uint32_t esp);
/* Pushes the frame and goes to the gate, which must be present. */
void interrupt_enter(regs_t, struct gate, bool has_error, uint32_t error);
/* Marks an irq pending. Any thread; another than the vCPU's has to nudge as well. */
void interrupt_raise(unsigned irq);
/* Delivers what can be delivered before the guest goes on. */
void interrupt_deliver(regs_t);
/* Sleeps until something is pending that is not blocked, serving devices meanwhile. */
void interrupt_halt(regs_t);
/* Nanoseconds from now, 0 to cancel. */
void interrupt_set_clockevent(uint32_t ns);
/* SIGNAL_TIMER arrived. */
void interrupt_timer_expired(void);
/* SIGTERM or its like arrived: true if the guest can be told, and it was. */
bool interrupt_terminate(void);
/* Interrupts the vCPU thread wherever it is. Any thread. */
void interrupt_nudge(void);
/* Id of the POSIX timer, for the filter. */
int interrupt_timer_id(void);

/* ---- clock.c ---- */

void clock_setup(void);
/* Frequency of the TSC, or 0 if it is not to be trusted. */
uint32_t clock_tsc_khz(void);
/* Wall clock into the shared page. */
void clock_write(struct lguest_data *);

#endif
