/*
 * What the network may take of the machine's memory. A peer decides how much lwIP would like
 * to keep, so there is one budget for all of it, a part of what is free at the start; beyond
 * it allocations fail, which lwIP answers by dropping packets and refusing connections, and
 * the application keeps the rest. A quarter of the budget is not for data: however much waits
 * to be sent or read, a new connection finds memory.
 */
#include "lib/net/core.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "lwip/memp.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/timeouts.h"

#define BUDGET_MIN (128u * 1024)
#define WINDOW_MIN (16u * 1024)
#define PCBS_MIN   64u
#define LEFT_MAX   4096u /* connections that no program has */
#define BULK       512u  /* bytes: larger ones are data, smaller ones keep the books */
#define NR_TIMERS  16

uint32_t net_tcp_window = WINDOW_MIN;

unsigned net_sockets_open;

static size_t budget, used;
static unsigned pcbs, pcbs_max;

/* In front of each block, so that the books balance when it is freed. */
struct block {
    size_t size;
    size_t unused; /* keeps what follows aligned to 8 */
};

void
net_memory_init(void)
{
    struct memory_info memory;

    memory_info(&memory);
    budget = MAX(memory.free / 2, (size_t)BUDGET_MIN);
    /* 92 KiB of 6 MiB, the largest from 32 MiB on. */
    net_tcp_window = (uint32_t)MIN(MAX(memory.free / 64, WINDOW_MIN), (size_t)NET_WINDOW_MAX);
    pcbs_max = (unsigned)MAX(budget / 8192, PCBS_MIN);
}

size_t
net_memory_budget(void)
{
    return budget;
}

/* What data may take of the budget. */
static size_t
data_budget(void)
{
    return budget - budget / 4;
}

/*
 * Half of what data may take goes to those who ask for it, to each half of what is left of it. The
 * other half is never asked for, so that everybody can have two segments under way, however many
 * there are whose peers do not read.
 */
size_t
net_memory_to_send(void)
{
    size_t half = data_budget() / 2;

    return MAX((half - MIN(used, half)) / 2, (size_t)2 * TCP_MSS);
}

void *
net_malloc(size_t size)
{
    size_t most = size >= BULK ? data_budget() : budget;
    struct block *block;

    if (size > most || used + size > most)
        return NULL;
    block = kmalloc_raw(sizeof(*block) + size);
    if (!block)
        return NULL;
    block->size = size;
    used += size;
    return block + 1;
}

void
net_free(void *p)
{
    struct block *block = p;

    if (!p)
        return;
    block--;
    used -= block->size;
    kfree(block);
}

static bool
too_many(void)
{
    return pcbs >= pcbs_max || pcbs >= net_sockets_open + LEFT_MAX;
}

/*
 * A program has closed its connection, and the peer says nothing: lwIP waits 20 s for the end of
 * such a peer's stream, and for minutes until it gives up sending. Whoever has been silent for
 * longest makes room. With a reset where bytes are lost; else the peer has all that was sent.
 */
static void
abandon_one(void)
{
    struct tcp_pcb *silent = NULL;

    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
        if ((pcb->state == FIN_WAIT_1 || pcb->state == FIN_WAIT_2) &&
            (pcb->flags & TF_RXCLOSED) &&
            (!silent || tcp_ticks - pcb->tmr >= tcp_ticks - silent->tmr))
            silent = pcb;
    if (silent)
        tcp_abandon(silent, silent->state == FIN_WAIT_1);
}

/*
 * tcp.c is compiled with these in place of memp_malloc and memp_free, to bound the number of
 * connections: by memory, and those that no program has any more, or not yet, by a number.
 * lwIP's answer to the bound is to drop the oldest one in TIME-WAIT first, and without it a busy
 * server would keep many thousands of those in one list. Of those that a program has closed and
 * the peer has not it drops none, so that enough of them would shut new clients out.
 */
void *
net_tcp_malloc(memp_t type)
{
    void *p;

    if (type == MEMP_TCP_PCB && too_many() && !tcp_tw_pcbs)
        abandon_one();
    if (type == MEMP_TCP_PCB && too_many())
        return NULL;
    p = memp_malloc(type);
    if (p && type == MEMP_TCP_PCB)
        pcbs++;
    return p;
}

void
net_tcp_free(memp_t type, void *p)
{
    if (type == MEMP_TCP_PCB)
        pcbs--;
    memp_free(type, p);
}

/*
 * timeouts.c gets its timers from here: lwIP takes it for granted that there is one, and a peer
 * who used the budget up must not be able to stop the clock. It has one for each protocol.
 */
static struct {
    struct sys_timeo timer;
    bool taken;
} timers[NR_TIMERS];

void *
net_timer_malloc(memp_t type)
{
    (void)type;
    for (unsigned i = 0; i < ARRAY_SIZE(timers); i++) {
        if (timers[i].taken)
            continue;
        timers[i].taken = true;
        return &timers[i].timer;
    }
    return NULL;
}

void
net_timer_free(memp_t type, void *p)
{
    (void)type;
    for (unsigned i = 0; i < ARRAY_SIZE(timers); i++)
        if (&timers[i].timer == p)
            timers[i].taken = false;
}
