/*
 * The guest's segments. Code and data over each view of guest memory (memory.c) lie in the local
 * descriptor table (modify_ldt), with the view as base and limit, so that addresses inside are
 * physical ones as lguest's. The limit stops a stray pointer of an honest guest; it does not
 * confine a hostile one (docs/launcher.md). All are made once: later the filter refuses that.
 *
 * Thread-local data: index 14 of the GDT is free for a guest under lguest, and is a slot that
 * a 64-bit Linux lets a process set, but only by the i386 system call. That is made here, from
 * one instruction that the filter knows (enter.S).
 */
#include <asm/ldt.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define MODIFY_LDT_WRITE 0x11
#define ALL_4_GIB        (1u << 20) /* pages */

/* Descriptor bits (Intel SDM vol. 3, 3.4.5), high word. */
#define DESC_PRESENT  (1u << 15)
#define DESC_CODE     (1u << 11)
#define DESC_SYSTEM   (1u << 12) /* clear for a system segment */
#define DESC_DOWN     (1u << 10)
#define DESC_WRITABLE (1u << 9)
#define DESC_PAGES    (1u << 23)
#define DESC_32BIT    (1u << 22)

/* enter.S: set_thread_area of the i386 table, with a 32-bit address. */
long segments_set_thread_area(uint32_t address);

static bool tls_set;

/* What the processor says of a selector (Intel SDM vol. 2, LAR). */
static bool
selector_works(uint16_t selector)
{
    uint32_t rights;
    bool works;
    __asm__("larl %2, %0" : "=r"(rights), "=@ccz"(works) : "r"((uint32_t)selector));
    return works;
}

static void
segment_make(uint16_t selector, unsigned contents, uint32_t base, uint32_t pages)
{
    struct user_desc desc = {
        .entry_number = selector >> 3,
        .base_addr = base,
        .limit = pages - 1,
        .seg_32bit = 1,
        .contents = contents,
        .limit_in_pages = 1,
        .useable = 1,
    };
    if (syscall(SYS_modify_ldt, MODIFY_LDT_WRITE, &desc, sizeof(desc)) != 0)
        die("this kernel gives no 32-bit segments (modify_ldt: %s), and a guest cannot run "
            "without them",
            strerror(errno));
    /* The kernel of a virtual machine may have made it where its hypervisor never looks. */
    if (!selector_works(selector))
        die("this machine has no 32-bit segments (its kernel makes them, and its processor or "
            "hypervisor does not know them), and a guest cannot run without them");
}

void
segments_make(void)
{
    uint32_t far = (uintptr_t)memory.far, near = memory.near_end ? 0 : far;
    bool whole = memory.near_end >= memory.limit;
    uint32_t all = memory.limit / PAGE, pages = near || whole ? all : memory.near_end / PAGE;
    segment_make(FAR_DS, MODIFY_LDT_CONTENTS_DATA, far, all);
    segment_make(FAR_CS, MODIFY_LDT_CONTENTS_CODE, far, all);
    segment_make(NEAR_DS, MODIFY_LDT_CONTENTS_DATA, near, pages);
    /* Code with a limit loses every other cycle of a tight loop on AMD; data does not. So near code
     * has none where nothing of the guest's address space is somebody else's: trap.c looks. */
    segment_make(NEAR_CS, MODIFY_LDT_CONTENTS_CODE, near, whole ? ALL_4_GIB : pages);
}

void
segments_probe(void)
{
    segments_make();
    segments_set_tls(0, 0);
}

void
segments_set_tls(uint32_t low, uint32_t high)
{
    struct user_desc desc = {
        .entry_number = GUEST_TLS_INDEX,
        .read_exec_only = 1,
        .seg_not_present = 1, /* this pair and nothing else: an empty slot */
    };
    tls_set = high & DESC_PRESENT;
    if (tls_set) {
        if (!(high & DESC_SYSTEM) || high & (DESC_CODE | DESC_DOWN))
            die("GDT entry %u: only a data segment that grows up can be loaded there",
                GUEST_TLS_INDEX);
        uint32_t base = (high & 0xff000000) | (high & 0xff) << 16 | low >> 16;
        desc = (struct user_desc){
            .entry_number = GUEST_TLS_INDEX,
            .base_addr = base + (uint32_t)(uintptr_t)memory.far,
            .limit = (high & 0xf0000) | (low & 0xffff),
            .seg_32bit = !!(high & DESC_32BIT),
            .contents = MODIFY_LDT_CONTENTS_DATA,
            .read_exec_only = !(high & DESC_WRITABLE),
            .limit_in_pages = !!(high & DESC_PAGES),
            .useable = 1,
        };
    }
    struct user_desc *scratch = memory_scratch();
    *scratch = desc;
    long error = segments_set_thread_area((uintptr_t)scratch);
    if (error != 0)
        die("cannot set GDT entry %u: %s", GUEST_TLS_INDEX, strerror(-error));
}

void
segments_reset(void)
{
    if (tls_set)
        segments_set_tls(0, 0);
}

bool
segments_selector_known(uint16_t selector)
{
    uint16_t near = selector & ~VIEW_FAR;
    return near == NEAR_DS || near == NEAR_CS || selector <= 3 ||
           (tls_set && selector >> 2 == GUEST_TLS_INDEX << 1);
}
