/*
 * The hypercalls, one function each, in a table by number. What is served, stored or refused
 * is the column "our launcher" of the ABI page (docs/lguest.md); the sentences that end the
 * guest are the original's where it has one. Also the asynchronous ring, which is run down
 * before every hypercall.
 */
#include <stdlib.h>
#include <string.h>
#include "launcher/check/check.h"
#include "launcher/device/device.h"
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define RESERVE_MEM (4u << 20) /* as the original without PAE */
#define GDT_ENTRIES 32
#define RING_MASK   3
#define TABLE_SPAN  (4u << 20) /* bytes under one entry of a page directory */

struct lguest_data *guest_data;

static unsigned async_cursor;
static uint32_t kernel_address; /* from there on a page is in all of the guest's address spaces */

struct call {
    const char *name; /* NULL: no such hypercall */
    void (*run)(regs_t, const uint32_t *args);
    bool by_gate; /* may be served there */
};

static void
nothing(regs_t regs, const uint32_t *args)
{
    (void)regs, (void)args;
}

static void
set_pmd(regs_t regs, const uint32_t *args)
{
    (void)args;
    die("the guest at %#x asks for page tables of three levels, which there are not here",
        (uint32_t)regs[REG_RIP] - 2);
}

static void
new_pgtable(regs_t regs, const uint32_t *args)
{
    (void)regs;
    paging_use(args[0]);
}

/* Of the user's part, which ends where the kernel begins, or of all. */
static void
flush_tlb(regs_t regs, const uint32_t *args)
{
    (void)regs;
    if (args[0] || kernel_address >= TABLE_SPAN)
        paging_flush(args[0] ? 0 : kernel_address);
}

static void
set_pte(regs_t regs, const uint32_t *args)
{
    (void)regs;
    paging_set_entry(args[0], args[1] >= kernel_address, args[1], args[2]);
}

static void
set_pgd(regs_t regs, const uint32_t *args)
{
    (void)regs;
    paging_set_table(args[0], args[1]);
}

static void
init(regs_t regs, const uint32_t *args)
{
    (void)regs;
    /* Where N1, N2 and N3 keep the window's start, its end (0: one byte), the vector, and where the
     * kernel begins. */
    static const uint8_t fields[][4] = {
        [ABI_N1] = {1, 2, 4, 3}, [ABI_N2] = {0, 1, 3, 2}, [ABI_N3] = {0, 0, 2, 1}};
    static const uint32_t sizes[] = {[ABI_N1] = 1396, [ABI_N2] = 1392, [ABI_N3] = 1388};
    const uint8_t *field = fields[options.abi];
    if (guest_data)
        die("already have lguest_data");
    struct lguest_data *data = memory_at(args[0], sizes[options.abi]);
    if (!data)
        die("bad guest page %#x", args[0]);
    /* A word that the shorter layouts lack is never read: only `field` says which are. */
    uint32_t start = data->tail[field[0]];
    uint32_t end = field[1] != field[0] ? data->tail[field[1]] : start + 1;
    if (data->tail[field[2]] != LGUEST_SYSCALL_VECTOR)
        die("bad system call vector %#x: it has to be %#x", data->tail[field[2]],
            LGUEST_SYSCALL_VECTOR);
    guest_data = memory_to_keep(data);
    kernel_address = data->tail[field[3]];
    interrupt_set_window(start, end);
    data->reserve_mem = RESERVE_MEM;
    data->tsc_khz = clock_tsc_khz();
    clock_write(data);
}

/* `exit N` is how Ringlet's guests say with which status to leave; -1 if it is not that. */
static int
exit_status(const char *text)
{
    static const char prefix[] = "exit ";
    if (strncmp(text, prefix, sizeof(prefix) - 1) != 0)
        return -1;
    const char *digits = text + sizeof(prefix) - 1;
    unsigned status = 0, n = 0;
    for (; digits[n] >= '0' && digits[n] <= '9' && n < 4; n++)
        status = status * 10 + digits[n] - '0';
    return n > 0 && !digits[n] && status <= 255 ? (int)status : -1;
}

static void
restart(regs_t regs)
{
    verbose("restart");
    console_empty();
    device_reset_all();
    hypercall_reset();
    interrupt_reset();
    segments_reset();
    paging_reset();
    memory_clear();
    device_publish();
    trap_start_state(regs, loader_load(options.command_line));
}

static void
shutdown(regs_t regs, const uint32_t *args)
{
    char text[LGUEST_SHUTDOWN_TEXT];
    memcpy(text, memory_read(args[0], sizeof(text)), sizeof(text));
    text[sizeof(text) - 1] = '\0';
    if (args[1] == LGUEST_SHUTDOWN_RESTART) {
        restart(regs);
        return;
    }
    int status = exit_status(text);
    if (status >= 0)
        leave(status);
    die("CRASH: %s", text);
}

static void
load_idt_entry(regs_t regs, const uint32_t *args)
{
    (void)regs;
    interrupt_set_gate(args[0], args[1], args[2]);
}

/* Ring 3 is all there is here, so the stack is switched only where there is no other. */
static void
set_stack(regs_t regs, const uint32_t *args)
{
    (void)regs;
    if ((args[0] & RING_MASK) == 0)
        die("bad stack segment %#x", args[0]);
    if (args[2] > 2)
        die("bad stack pages %u", args[2]);
    interrupt_set_stack(args[0], args[1]);
}

static void
ts(regs_t regs, const uint32_t *args)
{
    (void)regs;
    if (args[0])
        die("hypercall TS %u: this launcher cannot trap the use of the FPU", args[0]);
}

static void
set_clockevent(regs_t regs, const uint32_t *args)
{
    (void)regs;
    interrupt_set_clockevent(args[0]);
}

static void
halt(regs_t regs, const uint32_t *args)
{
    (void)args;
    interrupt_halt(regs);
}

static void
load_tls(regs_t regs, const uint32_t *args)
{
    (void)regs, (void)args;
    die("hypercall LOAD_TLS: this launcher has one slot for thread-local data, GDT entry %u",
        GUEST_TLS_INDEX);
}

static void
notify(regs_t regs, const uint32_t *args)
{
    (void)regs;
    device_notify(args[0]);
}

static void
load_gdt_entry(regs_t regs, const uint32_t *args)
{
    (void)regs;
    if (args[0] >= GDT_ENTRIES)
        die("too many gdt entries %u", args[0]);
    if (args[0] == GUEST_TLS_INDEX) {
        segments_set_tls(args[1], args[2]);
        return;
    }
    HOOK(rules.gdt, (args[0]));
    warn("GDT entry %u has no effect: only %u can be loaded under this launcher", args[0],
         GUEST_TLS_INDEX);
}

static const struct call calls[] = {
    [LHCALL_FLUSH_ASYNC] = {"FLUSH_ASYNC", nothing, .by_gate = true},
    [LHCALL_LGUEST_INIT] = {"LGUEST_INIT", init},
    [LHCALL_SHUTDOWN] = {"SHUTDOWN", shutdown},
    [LHCALL_NEW_PGTABLE] = {"NEW_PGTABLE", new_pgtable, .by_gate = true},
    [LHCALL_FLUSH_TLB] = {"FLUSH_TLB", flush_tlb, .by_gate = true},
    [LHCALL_LOAD_IDT_ENTRY] = {"LOAD_IDT_ENTRY", load_idt_entry, .by_gate = true},
    [LHCALL_SET_STACK] = {"SET_STACK", set_stack, .by_gate = true},
    [LHCALL_TS] = {"TS", ts},
    [LHCALL_SET_CLOCKEVENT] = {"SET_CLOCKEVENT", set_clockevent, .by_gate = true},
    [LHCALL_HALT] = {"HALT", halt, .by_gate = true},
    [LHCALL_SET_PMD] = {"SET_PMD", set_pmd},
    [LHCALL_SET_PTE] = {"SET_PTE", set_pte, .by_gate = true},
    [LHCALL_SET_PGD] = {"SET_PGD", set_pgd, .by_gate = true},
    [LHCALL_LOAD_TLS] = {"LOAD_TLS", load_tls},
    [LHCALL_NOTIFY] = {"NOTIFY", notify, .by_gate = true},
    [LHCALL_LOAD_GDT_ENTRY] = {"LOAD_GDT_ENTRY", load_gdt_entry},
    [LHCALL_SEND_INTERRUPTS] = {"SEND_INTERRUPTS", nothing,
                                .by_gate = true}, /* every exit delivers */
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

static void
call(regs_t regs, uint32_t number, const uint32_t *args)
{
    if (number >= CALLS || !calls[number].name)
        die("Bad hypercall %u", number);
    stats.hypercalls++;
    trace("hypercall %s(%#x, %#x, %#x, %#x) at %#x", calls[number].name, args[0], args[1],
          args[2], args[3], (uint32_t)regs[REG_RIP] - 2);
    calls[number].run(regs, args);
}

/* One pass at most: a slot that is refilled meanwhile waits for the next hypercall. */
static void
run_async(regs_t regs)
{
    for (unsigned n = 0; n < LGUEST_ASYNC_SLOTS && guest_data; n++) {
        uint8_t *status = &guest_data->hcall_status[async_cursor];
        if (*status == LGUEST_ASYNC_FREE)
            return;
        uint32_t slot[5];
        memcpy(slot, guest_data->hcalls[async_cursor], sizeof(slot));
        async_cursor = (async_cursor + 1) % LGUEST_ASYNC_SLOTS;
        call(regs, slot[0], slot + 1);
        if (guest_data) /* not after a restart */
            *status = LGUEST_ASYNC_FREE;
    }
}

bool
hypercall_by_gate(const greg_t *regs)
{
    uint32_t number = regs[REG_RAX];
    if (!guest_data || guest_data->hcall_status[async_cursor] != LGUEST_ASYNC_FREE)
        return false; /* the ring may hold any call */
    if (number >= CALLS || !calls[number].by_gate)
        return false;
    return number != LHCALL_NOTIFY || device_is_named(regs[REG_RBX]);
}

void
hypercall(regs_t regs)
{
    uint32_t number = regs[REG_RAX];
    uint32_t args[] = {regs[REG_RBX], regs[REG_RCX], regs[REG_RDX], regs[REG_RSI]};
    if (!guest_data && number != LHCALL_LGUEST_INIT)
        die("hypercall %u before INIT", number);
    if (number != LHCALL_LGUEST_INIT) {
        run_async(regs);
        if (!guest_data)
            return; /* the ring held a restart */
    }
    call(regs, number, args);
}

void
hypercall_reset(void)
{
    guest_data = NULL;
    async_cursor = 0;
}
