/*
 * The end nobody wanted. Whatever is broken, this says what and where, and leaves with
 * EXIT_PANIC: it trusts nothing but the console's bounded write, walks the stack only where
 * there is memory, and a second failure on the way ends at once.
 */
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/thread.h"

#define BACKTRACE_MAX    32
#define PANIC_STACK_SIZE 8192

static char panic_stack[PANIC_STACK_SIZE] __attribute__((aligned(16)));
static int depth; /* panics entered */

static void
print_frame(uintptr_t address)
{
    uint32_t offset;
    const char *name = symbol_name(address, &offset);

    if (name)
        log_error("  %p %s+0x%x", (void *)address, name, offset);
    else
        log_error("  %p", (void *)address);
}

void
backtrace(uintptr_t eip, uintptr_t ebp)
{
    print_frame(eip);
    for (int i = 0; i < BACKTRACE_MAX; i++) {
        const uintptr_t *frame = (const uintptr_t *)ebp;
        if (ebp < PAGE_SIZE || ebp % sizeof(*frame) ||
            !pages_contain(frame, 2 * sizeof(*frame)))
            return;
        if (!frame[1])
            return;
        print_frame(frame[1] - 1); /* inside the call, not behind it */
        /* Stacks grow down: callers' frames lie higher. */
        if (frame[0] <= ebp)
            return;
        ebp = frame[0];
    }
}

struct panic_place {
    uintptr_t eip, ebp;
};

static void
finish(void *arg)
{
    const struct panic_place *place = arg;
    struct thread *t = thread_current();

    log_error("thread %s, backtrace:", t ? t->name : "boot");
    backtrace(place->eip, place->ebp);
    kernel_exit(EXIT_PANIC);
}

_Noreturn void
panic_at(uintptr_t eip, uintptr_t ebp, const char *format, va_list ap)
{
    static char text[200];
    struct panic_place place = {eip, ebp};

    platform->irq_save();
    if (++depth == 2)
        kernel_exit(EXIT_PANIC); /* the panic itself failed: no more output but the code */
    if (depth > 2)
        platform->crash(text); /* not even that: the first one's words, as they are */
    size_t prefix = (size_t)ksnprintf(text, sizeof(text), "panic: ");
    kvsnprintf(text + prefix, sizeof(text) - prefix, format, ap);
    log_error("%s", text);
    cpu_call_on((uintptr_t)panic_stack + sizeof(panic_stack), finish, &place);
    platform->exit(EXIT_PANIC);
}

_Noreturn void
panic(const char *format, ...)
{
    uintptr_t ebp = (uintptr_t)__builtin_frame_address(0);
    uintptr_t eip = (uintptr_t)__builtin_return_address(0);
    va_list ap;

    va_start(ap, format);
    panic_at(eip - 1, *(uintptr_t *)ebp, format, ap);
}

_Noreturn void
assert_failed(const char *expression, const char *file, int line)
{
    panic("assertion failed: %s (%s:%d)", expression, file, line);
}
