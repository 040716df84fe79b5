/*
 * The lguest interface: hypercalls, the page of data that guest and host share, the device
 * page, and where boot_params says what. Guest and launcher both use this one page, and so do
 * the launcher's assembler guests, hence the guard around what only C understands. Names
 * follow Linux 3.1 - 3.19, the reference; docs/lguest.md tells the rules of use.
 */
#ifndef ABI_LGUEST_H
#define ABI_LGUEST_H

#define LGUEST_TRAP_ENTRY 0x1f /* int $0x1f is the hypercall */

/* Hypercall numbers: in eax; arguments in ebx, ecx, edx, esi; no result. */
#define LHCALL_FLUSH_ASYNC     0
#define LHCALL_LGUEST_INIT     1
#define LHCALL_SHUTDOWN        2
#define LHCALL_NEW_PGTABLE     4
#define LHCALL_FLUSH_TLB       5
#define LHCALL_LOAD_IDT_ENTRY  6
#define LHCALL_SET_STACK       7
#define LHCALL_TS              8
#define LHCALL_SET_CLOCKEVENT  9
#define LHCALL_HALT            10
#define LHCALL_SET_PMD         13
#define LHCALL_SET_PTE         14
#define LHCALL_SET_PGD         15
#define LHCALL_LOAD_TLS        16
#define LHCALL_NOTIFY          17
#define LHCALL_LOAD_GDT_ENTRY  18
#define LHCALL_SEND_INTERRUPTS 19

#define LGUEST_SHUTDOWN_POWEROFF 1
#define LGUEST_SHUTDOWN_RESTART  2
#define LGUEST_SHUTDOWN_TEXT     128 /* bytes that the host reads */

/* Interrupt n arrives at vector LGUEST_IRQ_VECTOR + n. */
#define LGUEST_IRQ_VECTOR 32
#define LGUEST_IRQS       32
#define LGUEST_IRQ_TIMER  0
/*
 * Ringlet's launcher alone: "you are asked to end" (SIGTERM). Raised only if the guest has
 * loaded a gate for it and does not block it; no other host raises it.
 */
#define LGUEST_IRQ_TERMINATE 31

#define LGUEST_SYSCALL_VECTOR 0x80

#define LGUEST_GDT_TLS 14 /* entry free in the guest's GDT, and a TLS slot of 64-bit Linux */

/* struct lguest_data: offsets for assembler, the structure for C. */
#define LGUEST_DATA_IRQ_ENABLED        0x000
#define LGUEST_DATA_BLOCKED_INTERRUPTS 0x004
#define LGUEST_DATA_CR2                0x008
#define LGUEST_DATA_TIME_SEC           0x00c
#define LGUEST_DATA_TIME_NSEC          0x010
#define LGUEST_DATA_IRQ_PENDING        0x014
#define LGUEST_DATA_HCALL_STATUS       0x018
#define LGUEST_DATA_HCALLS             0x058
#define LGUEST_DATA_RESERVE_MEM        0x558
#define LGUEST_DATA_TSC_KHZ            0x55c
#define LGUEST_DATA_TAIL               0x560
#define LGUEST_DATA_SIZE               1392 /* as in the reference (N2) */
#define LGUEST_DATA_SIZE_MAX           1396 /* the longest of all layouts (N1) */

#define LGUEST_ASYNC_SLOTS   64
#define LGUEST_ASYNC_PENDING 0
#define LGUEST_ASYNC_FREE    0xff

#define LGUEST_IF 0x200 /* what irq_enabled and irq_pending hold when set: EFLAGS.IF */

/* The device page: descriptors packed and unaligned, type 0 or the page's end closes it. */
#define LGUEST_DESC_PAGE_SIZE 4096
#define LGUEST_DESC_HEADER    5 /* bytes of struct lguest_device_desc before the queues */
#define LGUEST_VQCONFIG_SIZE  8
#define LGUEST_VRING_SIZE     256
#define LGUEST_VRING_ALIGN    4096
#define LGUEST_VRING_AVAIL    0x1000 /* offsets from pfn << 12 */
#define LGUEST_VRING_USED     0x2000
#define LGUEST_VRING_PAGES    3
#define LGUEST_DEVICE_PAGES   256 /* descriptor page and rings, from the end of RAM on */

/* boot_params, at physical 0. */
#define BOOT_PARAMS_E820_ENTRIES   0x1e8 /* u8 */
#define BOOT_PARAMS_PROTOCOL       0x206 /* u16 */
#define BOOT_PARAMS_LOADFLAGS      0x211 /* u8 */
#define BOOT_PARAMS_INITRD_ADDRESS 0x218 /* u32 */
#define BOOT_PARAMS_INITRD_SIZE    0x21c /* u32 */
#define BOOT_PARAMS_COMMAND_LINE   0x228 /* u32 */
#define BOOT_PARAMS_SUBARCH        0x23c /* u32 */
#define BOOT_PARAMS_E820           0x2d0 /* u64 base, u64 size, u32 type */
/*
 * Ringlet's launcher alone; elsewhere 0, since Linux leaves the end of the page unused. A far pointer,
 * u32 and u16, or 0: a hypercall may begin with a far jump there, with the address of an `int $0x1f`
 * in edi. The guest goes on behind that if the call was served, and else with it.
 */
#define BOOT_PARAMS_GATE           0xff8
#define BOOT_PARAMS_SUBARCH_LGUEST 1
#define BOOT_PARAMS_E820_RAM       1

#ifndef __ASSEMBLER__
#include <stdint.h>

struct lguest_data {
    uint32_t irq_enabled;        /* LGUEST_IF or 0; both sides write */
    uint32_t blocked_interrupts; /* bit n masks irq n; the guest writes */
    uint32_t cr2;
    uint32_t time_sec, time_nsec; /* wall clock, at INIT and at each delivery */
    uint32_t irq_pending;         /* the host sets LGUEST_IF, the guest clears */
    uint8_t hcall_status[LGUEST_ASYNC_SLOTS];
    uint32_t hcalls[LGUEST_ASYNC_SLOTS][5];
    uint32_t reserve_mem;
    uint32_t tsc_khz; /* 0: do not trust the TSC */
    /*
     * From here the layouts differ. Filled by the guest before INIT with one filling that
     * suits them all: [0] the address of its iret, [1] that + 1, the rest 0x80.
     */
    uint32_t tail[5];
};
_Static_assert(sizeof(struct lguest_data) == LGUEST_DATA_SIZE_MAX, "N1 is the longest");
_Static_assert(__builtin_offsetof(struct lguest_data, tail) == LGUEST_DATA_TAIL, "layout");

struct lguest_vqconfig {
    uint16_t num;
    uint16_t irq;
    uint32_t pfn;
} __attribute__((packed));

struct lguest_device_desc {
    uint8_t type;
    uint8_t num_vq;
    uint8_t feature_len; /* bytes of one bitmap */
    uint8_t config_len;
    uint8_t status; /* the guest writes */
    /* num_vq of struct lguest_vqconfig; features offered; features accepted; configuration */
    uint8_t rest[];
} __attribute__((packed));
_Static_assert(sizeof(struct lguest_device_desc) == LGUEST_DESC_HEADER, "layout");
#endif

#endif
