/*
 * An exception is the end of the kernel, and of the application in it, so what it says has to
 * be worth something: not "page fault" but what the address was, who touched it, and from
 * where. Runs on a stack of its own, since the one that was interrupted may be nearly full.
 */
#include "arch/x86/cpu/fault.h"
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/thread.h"

/* Page fault error code (Intel SDM vol. 3, 4.7). */
#define ERROR_WRITE 0x02
#define ERROR_FETCH 0x10

struct report {
    const struct trap_frame *frame;
    uintptr_t esp, address;
};

static char fault_stack[4096] __attribute__((aligned(16)));

/* SDM vol. 3, table 6-1. */
static const char *const exception_names[TRAP_EXCEPTIONS] = {
    [0] = "division error",
    [1] = "debug exception",
    [2] = "non-maskable interrupt",
    [3] = "breakpoint",
    [4] = "overflow",
    [5] = "bound range exceeded",
    [6] = "invalid instruction",
    [7] = "no floating-point unit",
    [8] = "double fault",
    [9] = "coprocessor segment overrun",
    [10] = "invalid task state",
    [11] = "segment not present",
    [12] = "stack segment fault",
    [13] = "general protection fault",
    [16] = "floating-point error",
    [17] = "alignment error",
    [18] = "machine check",
    [19] = "vector floating-point error",
};

static bool
in_range(uintptr_t address, const char *start, const char *end)
{
    return address >= (uintptr_t)start && address < (uintptr_t)end;
}

/* What a page fault at `address` means, without the thread's name that a stack overflow has. */
static const char *
meaning(uintptr_t address, uint32_t error)
{
    struct memory_info memory;

    memory_info(&memory);
    if (address < PAGE_SIZE)
        return "null pointer";
    if (address >= memory.highest)
        return "access above memory";
    if (error & ERROR_FETCH)
        return "execute of data";
    if ((error & ERROR_WRITE) && in_range(address, image_start, text_end))
        return "write to text";
    if ((error & ERROR_WRITE) && in_range(address, text_end, data_start))
        return "write to read-only data";
    return "access to a protected page";
}

/* A CPU without execute-disable does not say that it was fetching an instruction. */
static bool
is_fetch(const struct report *r)
{
    return (r->frame->error & ERROR_FETCH) || r->address == r->frame->eip;
}

static const char *
access_name(const struct report *r)
{
    if (is_fetch(r))
        return "execution";
    return r->frame->error & ERROR_WRITE ? "write" : "read";
}

static _Noreturn void
end_at(uintptr_t eip, uintptr_t ebp, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    panic_at(eip, ebp, format, ap);
}

static void
print_registers(const struct trap_frame *f, uintptr_t esp)
{
    log_error("eip %08x  eflags %08x  cs %04x  error code %x", f->eip, f->eflags, f->cs,
              f->error);
    log_error("eax %08x  ebx %08x  ecx %08x  edx %08x", f->eax, f->ebx, f->ecx, f->edx);
    log_error("esi %08x  edi %08x  ebp %08x  esp %08x", f->esi, f->edi, f->ebp, (unsigned)esp);
}

/* "shell_main+0x12", or the bare address where no name is known. */
static void
place_name(uintptr_t eip, char *to, size_t size)
{
    uint32_t offset;
    const char *name = symbol_name(eip, &offset);

    if (name)
        ksnprintf(to, size, "%s+0x%x", name, offset);
    else
        ksnprintf(to, size, "0x%08x", (unsigned)eip);
}

/* Where to look for the culprit. A call through a wild pointer has left its own address on
 * top of the stack, right behind the frame that the CPU could still push there. */
static uintptr_t
culprit(const struct report *r)
{
    if (r->frame->vector == TRAP_PAGE_FAULT && is_fetch(r))
        return *(const uintptr_t *)r->esp - 1;
    return r->frame->eip;
}

static void
report(void *arg)
{
    const struct report *r = arg;
    const struct trap_frame *f = r->frame;
    bool page_fault = f->vector == TRAP_PAGE_FAULT, in_guard = false;
    const struct thread *t = NULL;
    uintptr_t eip = culprit(r);
    char place[64];

    place_name(eip, place, sizeof(place));
    print_registers(f, r->esp);
    /* The frame of a fault in the guard page cannot be pushed there: a double fault, with the
     * address of the page fault before it still in CR2 (SDM vol. 3, 6.15, interrupt 8). */
    if (page_fault || f->vector == TRAP_DOUBLE_FAULT)
        t = thread_of_stack(r->address, &in_guard);
    /* Of stacks that the C library made only the place is known: just below ESP. */
    if (!t && f->vector == TRAP_DOUBLE_FAULT && r->esp - r->address < PAGE_SIZE) {
        t = thread_current();
        in_guard = true;
    }
    if (t && in_guard)
        end_at(eip, f->ebp, "stack overflow of thread %s: access to 0x%08x at %s", t->name,
               (unsigned)r->address, place);
    if (page_fault)
        end_at(eip, f->ebp, "%s: %s of 0x%08x at %s", meaning(r->address, f->error),
               access_name(r), (unsigned)r->address, place);
    const char *name = exception_names[f->vector];
    end_at(eip, f->ebp, "%s (exception %u) at %s", name ? name : "unknown exception",
           (unsigned)f->vector, place);
}

/* A fault while one was being reported: no more text than this, and no more of the kernel. */
static _Noreturn void
give_up(const struct trap_frame *f)
{
    char line[80];

    ksnprintf(line, sizeof(line), "fault inside a fault: exception %u at 0x%08x",
              (unsigned)f->vector, (unsigned)f->eip);
    platform->crash(line);
}

_Noreturn void
fault_report(const struct trap_frame *frame, uintptr_t esp, uintptr_t address)
{
    static unsigned depth;
    struct report r = {frame, esp, address};

    if (++depth == 2)
        give_up(frame);
    if (depth > 2)
        platform->restart(); /* even leaving fails: nothing is left that could be said */
    cpu_call_on((uintptr_t)fault_stack + sizeof(fault_stack), report, &r);
    platform->exit(EXIT_PANIC); /* not reached: report() ends in a panic */
}
