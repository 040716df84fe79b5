/*
 * The lguest interface that guest and launcher share: hypercalls, the page of state between
 * them, and the device page (Linux 2.6.32 to 3.19; see docs/lguest.md). Usable from assembler.
 */
#ifndef ABI_LGUEST_H
#define ABI_LGUEST_H

/* ---- hypercalls: int $LGUEST_TRAP, number in eax, arguments in ebx, ecx, edx, esi ---- */

#define LGUEST_TRAP 0x1F

#define LHCALL_FLUSH_ASYNC    0
#define LHCALL_LGUEST_INIT    1
#define LHCALL_SHUTDOWN       2
#define LHCALL_NEW_PGTABLE    4
#define LHCALL_FLUSH_TLB      5
#define LHCALL_LOAD_IDT_ENTRY 6
#define LHCALL_SET_STACK      7
#define LHCALL_TS             8
#define LHCALL_SET_CLOCKEVENT 9
#define LHCALL_HALT           10
#define LHCALL_SET_PMD        13
#define LHCALL_SET_PTE        14
#define LHCALL_SET_PGD        15
#define LHCALL_LOAD_TLS       16
#define LHCALL_NOTIFY         17
#define LHCALL_LOAD_GDT_ENTRY 18
#define LHCALL_SEND_INTERRUPTS 19

#define LGUEST_SHUTDOWN_POWEROFF 1
#define LGUEST_SHUTDOWN_RESTART  2
#define LGUEST_SHUTDOWN_TEXT_MAX 128 /* bytes of text that the host reads */

/* ---- interrupts and descriptor tables ---- */

#define LGUEST_IRQS      32
#define LGUEST_IRQ_BASE  32 /* irq n arrives at this vector + n */
#define LGUEST_IRQ_TIMER 0
#define LGUEST_GDT_ENTRIES 32
#define LGUEST_GDT_TLS   14 /* free in the guest's table and settable on 64-bit Linux */
#define LGUEST_IRQ_ENABLED 0x200 /* irq_enabled and irq_pending: EFLAGS.IF or 0 */

/* ---- boot_params, at physical 0 ---- */

#define BOOT_PARAMS_E820_ENTRIES 0x1e8
#define BOOT_PARAMS_VERSION      0x206
#define BOOT_PARAMS_LOADFLAGS    0x211
#define BOOT_PARAMS_INITRD       0x218
#define BOOT_PARAMS_INITRD_SIZE  0x21c
#define BOOT_PARAMS_CMDLINE      0x228
#define BOOT_PARAMS_SUBARCH      0x23c
#define BOOT_PARAMS_E820         0x2d0
#define BOOT_PARAMS_SUBARCH_LGUEST 1
#define LGUEST_CMDLINE_AT        0x1000

/* ---- devices ---- */

#define LGUEST_DESC_TYPE        0
#define LGUEST_DESC_NUM_VQ      1
#define LGUEST_DESC_FEATURE_LEN 2
#define LGUEST_DESC_CONFIG_LEN  3
#define LGUEST_DESC_STATUS      4
#define LGUEST_DESC_HEADER      5 /* bytes before the queues */
#define LGUEST_VQ_SIZE          8 /* u16 num, u16 irq, u32 pfn */
#define LGUEST_VRING_ALIGN      4096
#define LGUEST_DEVICE_PAGES     256 /* descriptor page and rings, from the end of RAM on */

#ifndef __ASSEMBLER__
#include <stdint.h>

#define LGUEST_ASYNC_SLOTS 64
#define LGUEST_SLOT_FREE   0xff

/* Shared state, named to the host by LGUEST_INIT. The words from offset 0x560 on lie
 * elsewhere in each era (N1, N2, N3): they are an array here, and docs/lguest.md has the
 * filling that suits all three. */
struct lguest_data {
    uint32_t irq_enabled;
    uint32_t blocked_interrupts;
    uint32_t cr2;
    uint32_t time_sec, time_nsec;
    uint32_t irq_pending;
    uint8_t hcall_status[LGUEST_ASYNC_SLOTS];
    uint32_t hcalls[LGUEST_ASYNC_SLOTS][5];
    uint32_t reserve_mem;
    uint32_t tsc_khz;
    uint32_t era[5];
};
_Static_assert(sizeof(struct lguest_data) == 0x574, "the layout is the host's");

struct e820_entry {
    uint64_t base;
    uint64_t size;
    uint32_t type;
} __attribute__((packed));

/* One queue of a descriptor; descriptors are unaligned. */
struct lguest_vqconfig {
    uint16_t num;
    uint16_t irq;
    uint32_t pfn;
} __attribute__((packed));
#endif

#endif
