/*
 * Beside lwIP's DHCP client (its dhcp.c), which asks, renews and gives up: what a server says
 * beyond address and mask is read here, and holds for as long as the address does.
 *
 * lwIP shows a hook the options that it does not know, one by one and before it knows whether the
 * message is taken. So dhcp.c is compiled with two names changed (lwip.mk): the callback of its
 * port is put behind net_dhcp_received(), which reads the whole message first, and the address
 * that it sets, or takes away, goes through net_dhcp_address().
 */
#include "lib/net/core.h"
#include "lib/net/hooks.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lwip/dhcp.h"
#include "lwip/ip.h"
#include "lwip/prot/dhcp.h"
#include "lwip/udp.h"

/* lwIP's receiver, and what the message says that it is looking at. */
static udp_recv_fn lwip_receive;
static struct net_lease said;

/* ---- asking ---- */

/*
 * More codes for the list of what is wanted. A server may send what is asked for first only, so
 * 121 stands in front, before the routers of option 3, as RFC 3442 asks ("DHCP Client Behavior");
 * in lwIP's own list, since some servers look at one list only.
 */
void
net_dhcp_append(struct dhcp_msg *message, u16_t *len)
{
    static const u8_t wanted[] = {121, 6, 15, 119, 42, 26};
    u8_t *at = message->options, *end = at + *len;

    while (end - at >= 2 && *at != DHCP_OPTION_PARAMETER_REQUEST_LIST)
        at += 2 + at[1];
    if (end - at < 2 || *len + sizeof(wanted) >= DHCP_OPTIONS_LEN)
        return; /* a message that asks for nothing */
    at[1] = (u8_t)(at[1] + sizeof(wanted));
    memmove(at + 2 + sizeof(wanted), at + 2, (size_t)(end - at - 2));
    memcpy(at + 2, wanted, sizeof(wanted));
    *len = (u16_t)(*len + sizeof(wanted));
}

/* ---- being answered ---- */

static void
received(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from, u16_t port)
{
    u16_t len = p->tot_len;
    u8_t *message = net_malloc(len + 1u);

    if (!message) { /* as if it was lost: the client asks again */
        pbuf_free(p);
        return;
    }
    net_lease_read(message, pbuf_copy_partial(p, message, len, 0), &said);
    net_free(message);
    lwip_receive(arg, pcb, p, from, port);
}

void
net_dhcp_recv(struct udp_pcb *pcb, udp_recv_fn receive, void *arg)
{
    lwip_receive = receive;
    udp_recv(pcb, received, arg);
}

/* With option 121 the router of its default route, if it has one, and never option 3's. */
static ip4_addr_t
default_router(const struct net_card *card)
{
    const struct net_lease *lease = &card->lease;
    static const ip4_addr_t none;

    if (lease->nr_routers)
        return lease->routers[card->router % lease->nr_routers];
    for (unsigned i = 0; i < lease->nr_routes; i++)
        if (ip4_addr_isany_val(lease->routes[i].mask))
            return lease->routes[i].router;
    return none;
}

/* Called within lwip_receive() when there is a lease, new or again, else when it is over. lwIP's
 * own reading of option 3 took whatever stood there. */
void
net_dhcp_address(struct netif *netif, const ip4_addr_t *address, const ip4_addr_t *mask,
                 const ip4_addr_t *unchecked)
{
    struct net_card *card = netif->state;
    ip4_addr_t gateway;

    (void)unchecked;
    if (ip4_addr_isany(address)) {
        memset(&card->lease, 0, sizeof(card->lease));
        card->router = 0;
    } else {
        card->lease = said;
    }
    gateway = default_router(card);
    net_card_follow_mtu(card);
    netif_set_addr(netif, address, mask, &gateway);
    net_config_notify();
}
