/*
 * The end of the program is not the end of what it sent: on a machine with an operating system
 * the kernel lives on and delivers what was written before exit(), here the machine stops. So
 * the last thread waits, for a short while, until peers have acknowledged everything and the
 * cards have sent it.
 */
#include "lib/net/core.h"
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lwip/priv/tcp_priv.h"

#define PATIENCE_TCP  (3 * NSEC_PER_SEC)    /* with peers that acknowledge nothing */
#define PATIENCE_CARD (100 * NSEC_PER_MSEC) /* with a card that sends nothing */
#define LIMIT         (30 * NSEC_PER_SEC)
#define LOOK          (NSEC_PER_MSEC / 2) /* between two looks: nothing wakes for all this */

/* Bytes that peers have not acknowledged; an end of stream counts as one. */
static uint32_t
tcp_under_way(void)
{
    uint32_t bytes = 0;

    for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
        if (pcb->state > SYN_SENT && (pcb->unsent || pcb->unacked))
            bytes += pcb->snd_lbb - pcb->lastack;
    return bytes;
}

static uint32_t
frames_under_way(void)
{
    uint32_t frames = 0;

    for (struct net_card *card = net_card_next(NULL); card; card = net_card_next(card))
        if (!card->device->broken)
            frames += card->queued + card->in_flight;
    return frames;
}

/* Until nothing is left, or nothing has become less for `patience`, or `limit` is past. */
static void
wait_for(uint32_t (*under_way)(void), uint64_t patience, uint64_t limit)
{
    uint32_t left, least = UINT32_MAX;
    uint64_t moved = clock_now(), now;

    while ((left = under_way()) && (now = clock_now()) < limit) {
        if (left < least) {
            least = left;
            moved = now;
        }
        if (now - moved > patience)
            return;
        thread_sleep(LOOK);
    }
}

void
net_leave(void)
{
    uint64_t limit = clock_now() + LIMIT;

    socket_end_all();
    wait_for(tcp_under_way, PATIENCE_TCP, limit);
    wait_for(frames_under_way, PATIENCE_CARD, limit);
}
