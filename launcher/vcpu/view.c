/*
 * Which view of its memory the guest has: near, where addresses are the host's and segments have
 * base 0, or far (memory.c). Both show the same bytes, so a guest cannot tell them apart but by
 * the selector and the clock: on AMD, code behind a base runs at a fourth to a twelfth of its
 * speed, and string instructions on data behind one at an eighth.
 *
 * A guest starts near. A fault that only the near view has, since it is not whole, makes its code
 * or its data far, and the instruction is tried again; a later exit makes them near again. That
 * costs a fault more where the guest comes back to what only the far view has, so each such fault
 * makes the next wait twice as long, up to a limit: a guest that computes exits each millisecond
 * or four (watch.c), and should not be slow for seconds after it was in low memory.
 *
 * The guest may keep a selector and load it later, so any may turn up at any time; that is why it
 * is the registers that are looked at, and nothing is remembered of them.
 */
#include "launcher/guest.h"
#include "launcher/launcher.h"

/* Exits; the first 3 at least, so that a fault which both views have is seen in the far one. */
#define WAIT_FIRST 4
#define WAIT_MAX   256

struct patience {
    unsigned wait; /* exits that the next stay in the far view lasts */
    unsigned left; /* of this one */
};

static struct patience code = {.wait = WAIT_FIRST}, data = {.wait = WAIT_FIRST};

static void
stay(struct patience *p, const char *what, regs_t regs)
{
    stats.views++;
    paging_far();
    trace("%s in the far view from %#x on, for %u exits", what, (uint32_t)regs[REG_RIP],
          p->wait);
    p->left = p->wait;
    if (p->wait < WAIT_MAX)
        p->wait *= 2;
}

static bool
is_over(struct patience *p)
{
    if (p->left)
        p->left--;
    return p->left == 0;
}

/* Is this selector to be moved, `far` being 0 or VIEW_FAR? Not if it is there already, or is
 * another segment's. A code segment serves for reading too, so any register may have one. */
static bool
moves(uint16_t selector, uint16_t far)
{
    uint16_t near = selector & ~VIEW_FAR;
    return (near == NEAR_DS || near == NEAR_CS) && selector != (near | far);
}

#define CS_SHIFT 0
#define SS_SHIFT 48

/* One of those that the kernel saved. */
static bool
move_saved(regs_t regs, unsigned shift, uint16_t far)
{
    if (!moves((uint64_t)regs[REG_CSGSFS] >> shift, far))
        return false;
    regs[REG_CSGSFS] ^= (uint64_t)VIEW_FAR << shift;
    return true;
}

/* fs is the caller's to load; ds, es and gs still are in their registers. */
static bool
move_data(regs_t regs, uint16_t *fs, uint16_t far)
{
    uint16_t ds, es, gs;
    __asm__ volatile("movw %%ds, %0\n\tmovw %%es, %1\n\tmovw %%gs, %2"
                     : "=rm"(ds), "=rm"(es), "=rm"(gs));
    bool moved = move_saved(regs, SS_SHIFT, far);
    if (moves(ds, far)) {
        __asm__ volatile("movl %0, %%ds" ::"r"(ds ^ VIEW_FAR));
        moved = true;
    }
    if (moves(es, far)) {
        __asm__ volatile("movl %0, %%es" ::"r"(es ^ VIEW_FAR));
        moved = true;
    }
    if (moves(gs, far)) {
        __asm__ volatile("movl %0, %%gs" ::"r"(gs ^ VIEW_FAR));
        moved = true;
    }
    if (moves(*fs, far)) {
        *fs ^= VIEW_FAR;
        moved = true;
    }
    return moved;
}

static bool
code_far(regs_t regs)
{
    bool moved = move_saved(regs, CS_SHIFT, VIEW_FAR);
    if (moved)
        stay(&code, "code", regs);
    return moved;
}

static bool
data_far(regs_t regs, uint16_t *fs)
{
    bool moved = move_data(regs, fs, VIEW_FAR);
    if (moved)
        stay(&data, "data", regs);
    return moved;
}

bool
view_page_fault(regs_t regs, uint16_t *fs)
{
    uint64_t address = regs[REG_CR2];
    if (memory_is_near(address, 1) || address >= memory.near_end)
        return false;
    bool fetch = !memory_is_near(regs[REG_RIP], 1);
    return (fetch && code_far(regs)) || data_far(regs, fs);
}

bool
view_limit_fault(regs_t regs, uint16_t *fs)
{
    if (!memory.near_end || memory.near_end >= memory.limit)
        return false;
    /* A jump past the limit faults where it stands, so it may be the code that is meant. */
    return data_far(regs, fs) || code_far(regs);
}

void
view_exit(regs_t regs, uint16_t *fs)
{
    if (is_over(&code) && memory_is_near(regs[REG_RIP], 1))
        move_saved(regs, CS_SHIFT, 0);
    if (is_over(&data))
        move_data(regs, fs, 0);
}

void
view_reset(regs_t regs)
{
    code = data = (struct patience){.wait = WAIT_FIRST};
    regs[REG_CSGSFS] = NEAR_CS | (uint64_t)NEAR_DS << SS_SHIFT;
    __asm__ volatile("movl %0, %%ds\n\tmovl %0, %%es\n\tmovl %1, %%gs" ::"r"(NEAR_DS), "r"(0));
}
