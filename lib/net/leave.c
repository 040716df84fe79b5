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

#define PATIENCE (2 * NSEC_PER_SEC)
#define LOOK     (NSEC_PER_MSEC / 2) /* between two looks: nothing wakes for all this */

static bool
under_way(void)
{
    for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
        if (pcb->state > SYN_SENT && (pcb->unsent || pcb->unacked))
            return true;
    for (struct net_card *card = net_card_next(NULL); card; card = net_card_next(card))
        if (card->queued || (card->in_flight && !card->device->broken))
            return true;
    return false;
}

void
net_leave(void)
{
    uint64_t deadline = clock_now() + PATIENCE;

    socket_end_all();
    while (under_way() && clock_now() < deadline)
        thread_sleep(LOOK);
}
