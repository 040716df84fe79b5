/*
 * kernel/cpu.h's change of stacks for this machine (x86, 64 bits). The sanitizer is told of
 * each one, or it would take a stack for the overflow of another.
 */
#include <sanitizer/common_interface_defs.h>
#include "kernel/cpu.h"
#include "shim.h"

/* What a saved stack pointer of the kernel's points to. */
struct place {
    uintptr_t sp;
    uintptr_t top; /* of the stack */
    void (*start)(void);
};

static struct place *arriving;
static uintptr_t top; /* of the stack in use; 0: the host's own */

/* The registers that a function keeps for its caller (System V ABI, 3.2.1). */
#define KEPT 6
void switch_stacks(uintptr_t *save, uintptr_t load);
__asm__(".text\n"
        "switch_stacks:\n"
        "    push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15\n"
        "    mov %rsp, (%rdi)\n"
        "    mov %rsi, %rsp\n"
        "    pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp\n"
        "    ret\n");

static void
arrive(void)
{
    __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
    arriving->start();
}

uintptr_t
cpu_stack_prepare(uintptr_t stack_top, void (*start)(void))
{
    struct place *p = (struct place *)(stack_top - 2 * sizeof(*p));
    uintptr_t *frame = (uintptr_t *)p - KEPT - 2;

    /* No caller above arrive(), which begins with the stack as a call leaves it: 8 bytes below
     * a multiple of 16. */
    frame[KEPT] = (uintptr_t)arrive;
    frame[KEPT + 1] = 0;
    *p = (struct place){.sp = (uintptr_t)frame, .top = stack_top, .start = start};
    return (uintptr_t)p;
}

void
cpu_switch(uintptr_t *save, uintptr_t load)
{
    struct place here = {.top = top};
    void *frames;

    *save = (uintptr_t)&here;
    arriving = (struct place *)load;
    top = arriving->top;
    __sanitizer_start_switch_fiber(&frames, (void *)(top - SHIM_STACK), SHIM_STACK);
    switch_stacks(&here.sp, arriving->sp);
    __sanitizer_finish_switch_fiber(frames, NULL, NULL);
}
