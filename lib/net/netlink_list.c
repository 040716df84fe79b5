/* The lists of interfaces and addresses as messages of rtnetlink(7), one message at a time. */
#include "lib/net/links.h"
#include "lib/net/netlink.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lwip/dhcp.h"

enum {
    IFLA_ADDRESS = 1,
    IFLA_BROADCAST = 2,
    IFLA_IFNAME = 3,
    IFLA_MTU = 4,
    IFLA_STATS = 7,
    IFLA_TXQLEN = 13
};
enum { IFA_ADDRESS = 1, IFA_LOCAL = 2, IFA_LABEL = 3, IFA_BROADCAST = 4 };
enum { IFA_F_TENTATIVE = 0x40, IFA_F_PERMANENT = 0x80 };
enum { RT_SCOPE_UNIVERSE = 0, RT_SCOPE_LINK = 253, RT_SCOPE_HOST = 254 };

struct link_info {
    uint8_t family, pad;
    uint16_t type;
    int32_t index;
    uint32_t flags, change;
};

struct address_info {
    uint8_t family, prefix, flags, scope;
    uint32_t index;
};

struct link_stats { /* struct rtnl_link_stats: what is not named, no card here counts */
    uint32_t rx_packets, tx_packets, rx_bytes, tx_bytes, rx_errors, tx_errors;
    uint32_t rx_dropped, tx_dropped, rest[16];
};

/* ---- messages ---- */

static void
start(const struct door *door, struct message *message, unsigned type, unsigned flags)
{
    memset(message, 0, sizeof(*message));
    message->header = (struct header){.len = sizeof(message->header),
                                      .type = (uint16_t)type,
                                      .flags = (uint16_t)flags,
                                      .seq = door->request.seq};
}

static void
append(struct message *message, const void *from, size_t size)
{
    size_t at = message->header.len - sizeof(message->header);

    assert(at + size <= sizeof(message->body));
    memcpy(message->body + at, from, size);
    message->header.len += (uint32_t)size;
}

static void
append_attribute(struct message *message, unsigned type, const void *value, size_t size)
{
    uint16_t head[2] = {(uint16_t)(sizeof(head) + size), (uint16_t)type};

    append(message, head, sizeof(head));
    append(message, value, size);
    message->header.len = (message->header.len + 3) & ~3u;
}

static void
append_name(struct message *message, unsigned type, const struct netif *netif)
{
    const char *name = link_name(netif);

    append_attribute(message, type, name, strlen(name) + 1);
}

static void
append_stats(struct message *message, const struct netif *netif)
{
    const struct net_counters *counters = link_counters(netif);
    struct link_stats stats = {0};

    if (counters)
        stats = (struct link_stats){.rx_packets = (uint32_t)counters->rx_frames,
                                    .tx_packets = (uint32_t)counters->tx_frames,
                                    .rx_bytes = (uint32_t)counters->rx_bytes,
                                    .tx_bytes = (uint32_t)counters->tx_bytes,
                                    .rx_errors = (uint32_t)counters->rx_bad,
                                    .rx_dropped = (uint32_t)counters->rx_dropped,
                                    .tx_dropped = (uint32_t)counters->tx_dropped};
    append_attribute(message, IFLA_STATS, &stats, sizeof(stats));
}

static void
put_link(const struct door *door, const struct netif *netif, struct message *message)
{
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, none[6];
    bool loopback = link_is_loopback(netif);
    struct link_info info = {.type = loopback ? LINUX_ARPHRD_LOOPBACK : LINUX_ARPHRD_ETHER,
                             .index = netif_get_index(netif),
                             .flags = link_flags(netif)};
    uint32_t mtu = link_mtu(netif), queue = link_queue(netif);

    start(door, message, RTM_NEWLINK, NLM_F_MULTI);
    append(message, &info, sizeof(info));
    append_name(message, IFLA_IFNAME, netif);
    append_attribute(message, IFLA_TXQLEN, &queue, sizeof(queue));
    append_attribute(message, IFLA_MTU, &mtu, sizeof(mtu));
    append_attribute(message, IFLA_ADDRESS, loopback ? none : netif->hwaddr, sizeof(none));
    append_attribute(message, IFLA_BROADCAST, loopback ? none : all, sizeof(none));
    append_stats(message, netif);
}

static void
put_address4(const struct door *door, const struct netif *netif, struct message *message)
{
    uint32_t broadcast = link_broadcast(netif), address = netif_ip4_addr(netif)->addr;
    struct address_info info = {
        .family = LINUX_AF_INET,
        .prefix = (uint8_t)__builtin_popcount(netif_ip4_netmask(netif)->addr),
        .flags = dhcp_supplied_address(netif) ? 0 : IFA_F_PERMANENT,
        .scope = link_is_loopback(netif) ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE,
        .index = netif_get_index(netif)};

    start(door, message, RTM_NEWADDR, NLM_F_MULTI);
    append(message, &info, sizeof(info));
    append_attribute(message, IFA_ADDRESS, &address, sizeof(address));
    append_attribute(message, IFA_LOCAL, &address, sizeof(address));
    if (broadcast)
        append_attribute(message, IFA_BROADCAST, &broadcast, sizeof(broadcast));
    append_name(message, IFA_LABEL, netif);
}

static void
put_address6(const struct door *door, const struct netif *netif, int slot,
             struct message *message)
{
    const ip6_addr_t *address = netif_ip6_addr(netif, slot);
    bool loopback = link_is_loopback(netif);
    struct address_info info = {.family = LINUX_AF_INET6,
                                .prefix = loopback ? 128 : 64, /* all that lwIP knows */
                                .scope = loopback                        ? RT_SCOPE_HOST
                                         : ip6_addr_islinklocal(address) ? RT_SCOPE_LINK
                                                                         : RT_SCOPE_UNIVERSE,
                                .index = netif_get_index(netif)};

    if (ip6_addr_istentative(netif_ip6_addr_state(netif, slot)))
        info.flags |= IFA_F_TENTATIVE;
    if (netif_ip6_addr_isstatic(netif, slot))
        info.flags |= IFA_F_PERMANENT;
    start(door, message, RTM_NEWADDR, NLM_F_MULTI);
    append(message, &info, sizeof(info));
    append_attribute(message, IFA_ADDRESS, address->addr, sizeof(address->addr));
}

/* The last one: the end of a list, or an error together with the request it is about. */
static void
put_last(const struct door *door, struct message *message)
{
    bool done = !door->error && (door->request.flags & NLM_F_DUMP) == NLM_F_DUMP;

    start(door, message, done ? NLMSG_DONE : NLMSG_ERROR, done ? NLM_F_MULTI : 0);
    append(message, &door->error, sizeof(door->error));
    if (!done)
        append(message, &door->request, sizeof(door->request));
}

/* ---- lists ---- */

static bool
next_link(struct door *door, struct message *message)
{
    const struct netif *netif = link_from_index(door->index);

    if (!netif)
        return false;
    put_link(door, netif, message);
    door->index = netif_get_index(netif) + 1u;
    return true;
}

/* One more address of an interface, at or behind door->slot. */
static bool
next_slot(struct door *door, const struct netif *netif, struct message *message)
{
    if (!door->ip6) {
        if (door->slot++ || ip4_addr_isany(netif_ip4_addr(netif)))
            return false;
        put_address4(door, netif, message);
        return true;
    }
    while (door->slot < LWIP_IPV6_NUM_ADDRESSES) {
        int slot = (int)door->slot++;

        if (ip6_addr_isinvalid(netif_ip6_addr_state(netif, slot)))
            continue;
        put_address6(door, netif, slot, message);
        return true;
    }
    return false;
}

static bool
next_address(struct door *door, struct message *message)
{
    const struct netif *netif;

    for (;;) {
        while ((netif = link_from_index(door->index))) {
            if (next_slot(door, netif, message))
                return true;
            door->slot = 0;
            door->index = netif_get_index(netif) + 1u;
        }
        if (door->ip6 || door->family == LINUX_AF_INET)
            return false;
        door->ip6 = true;
        door->index = 1;
    }
}

void
netlink_next(struct door *door, struct message *message)
{
    if (door->what == LINKS && next_link(door, message))
        return;
    if (door->what == ADDRESSES && next_address(door, message))
        return;
    put_last(door, message);
    door->what = NOTHING;
}
