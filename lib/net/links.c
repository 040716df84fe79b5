/*
 * Interfaces for programs: their names, indices and flags, and the requests SIOCGIF*
 * (netdevice(7)), which work on every socket. netlink.c shows the same by messages.
 */
#include "lib/net/links.h"
#include "lib/net/core.h"
#include "lib/socket/errno.h"
#include "lib/socket/linux.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

#define LOOPBACK_MTU   65536 /* lwIP has no bound there; this is Linux's */
#define LOOPBACK_QUEUE 1000

bool
link_is_loopback(const struct netif *netif)
{
    return netif->name[0] == 'l' && netif->name[1] == 'o';
}

const char *
link_name(const struct netif *netif)
{
    const struct net_card *card = netif->state;

    return link_is_loopback(netif) ? "lo" : card->device->name;
}

struct netif *
link_from_index(unsigned index)
{
    struct netif *netif, *found = NULL;

    NETIF_FOREACH(netif)
    {
        unsigned own = netif_get_index(netif);

        if (own >= index && (!found || own < netif_get_index(found)))
            found = netif;
    }
    return found;
}

struct netif *
link_by_index(int index)
{
    struct netif *netif = index > 0 ? link_from_index((unsigned)index) : NULL;

    return netif && netif_get_index(netif) == index ? netif : NULL;
}

void
link_put_name(const struct netif *netif, char to[LINK_NAME_SIZE])
{
    const char *name = link_name(netif);

    memset(to, 0, LINK_NAME_SIZE);
    memcpy(to, name, strlen(name));
}

struct netif *
link_by_name(const char *name)
{
    struct netif *netif;

    NETIF_FOREACH(netif)
    {
        if (strncmp(link_name(netif), name, LINK_NAME_SIZE) == 0)
            return netif;
    }
    return NULL;
}

unsigned
link_flags(const struct netif *netif)
{
    unsigned flags = link_is_loopback(netif) ? LINUX_IFF_LOOPBACK
                                             : LINUX_IFF_BROADCAST | LINUX_IFF_MULTICAST;

    if (!netif_is_up(netif))
        return flags;
    flags |= LINUX_IFF_UP;
    if (netif_is_link_up(netif))
        flags |= LINUX_IFF_RUNNING | LINUX_IFF_LOWER_UP;
    return flags;
}

uint32_t
link_mtu(const struct netif *netif)
{
    return link_is_loopback(netif) ? LOOPBACK_MTU : netif->mtu;
}

uint32_t
link_queue(const struct netif *netif)
{
    return link_is_loopback(netif) ? LOOPBACK_QUEUE : NET_TX_QUEUE;
}

const struct net_counters *
link_counters(const struct netif *netif)
{
    const struct net_card *card = netif->state;

    return link_is_loopback(netif) ? NULL : &card->device->counters;
}

uint32_t
link_broadcast(const struct netif *netif)
{
    uint32_t address = netif_ip4_addr(netif)->addr, mask = netif_ip4_netmask(netif)->addr;

    /* A network of two hosts has none (RFC 3021). */
    if (!address || link_is_loopback(netif) || __builtin_popcount(mask) > 30)
        return 0;
    return address | ~mask;
}

/* ---- requests ---- */

/* struct ifreq and struct ifconf of i386 (include/uapi/linux/if.h). */
struct request {
    char name[LINK_NAME_SIZE];
    union {
        struct linux_sockaddr_in address;
        struct {
            uint16_t family;
            uint8_t bytes[14];
        } hardware;
        int16_t flags;
        int32_t word;
    };
};
_Static_assert(sizeof(struct request) == 32, "Linux's struct ifreq has 32 bytes");

struct list_request {
    int32_t len;
    struct request *to;
};

enum {
    SIOCGIFNAME = 0x8910,
    SIOCGIFCONF = 0x8912,
    SIOCGIFFLAGS = 0x8913,
    SIOCGIFADDR = 0x8915,
    SIOCGIFDSTADDR = 0x8917,
    SIOCGIFBRDADDR = 0x8919,
    SIOCGIFNETMASK = 0x891b,
    SIOCGIFMETRIC = 0x891d,
    SIOCGIFMTU = 0x8921,
    SIOCGIFHWADDR = 0x8927,
    SIOCGIFINDEX = 0x8933,
    SIOCGIFTXQLEN = 0x8942,
};

static void
put_address(struct request *request, uint32_t address)
{
    request->address = (struct linux_sockaddr_in){.family = LINUX_AF_INET, .address = address};
}

/* Interfaces with an IPv4 address, as many as there is room for; without a place for them, the
 * room that they need. */
static int
list_links(struct list_request *list)
{
    const struct netif *netif;
    int32_t len = 0;

    for (unsigned i = 1; (netif = link_from_index(i)); i = netif_get_index(netif) + 1u) {
        struct request one = {.name = {0}};

        if (ip4_addr_isany(netif_ip4_addr(netif)))
            continue;
        if (list->to) {
            if (list->len - len < (int32_t)sizeof(one))
                break;
            link_put_name(netif, one.name);
            put_address(&one, netif_ip4_addr(netif)->addr);
            memcpy((char *)list->to + len, &one, sizeof(one));
        }
        len += (int32_t)sizeof(one);
    }
    list->len = len;
    return 0;
}

static int
find_name(struct request *request)
{
    const struct netif *netif = link_by_index(request->word);

    if (!netif)
        return -ENODEV;
    link_put_name(netif, request->name);
    return 0;
}

/* What needs an IPv4 address: that address, or one that comes of it. */
static int
get_address(const struct netif *netif, unsigned long what, struct request *request)
{
    uint32_t address = netif_ip4_addr(netif)->addr;

    if (!address)
        return -EADDRNOTAVAIL;
    if (what == SIOCGIFBRDADDR)
        address = link_broadcast(netif);
    else if (what == SIOCGIFNETMASK)
        address = netif_ip4_netmask(netif)->addr;
    put_address(request, address); /* also the destination's, where there is no single one */
    return 0;
}

static void
get_hardware(const struct netif *netif, struct request *request)
{
    memset(&request->hardware, 0, sizeof(request->hardware));
    if (link_is_loopback(netif)) {
        request->hardware.family = LINUX_ARPHRD_LOOPBACK;
        return;
    }
    request->hardware.family = LINUX_ARPHRD_ETHER;
    memcpy(request->hardware.bytes, netif->hwaddr, netif->hwaddr_len);
}

int
link_ioctl(unsigned long what, void *argument)
{
    struct request *request = argument;
    const struct netif *netif;

    switch (what) {
    case SIOCGIFCONF:
        return argument ? list_links(argument) : -EFAULT;
    case SIOCGIFNAME:
        return argument ? find_name(request) : -EFAULT;
    case SIOCGIFFLAGS:
    case SIOCGIFADDR:
    case SIOCGIFDSTADDR:
    case SIOCGIFBRDADDR:
    case SIOCGIFNETMASK:
    case SIOCGIFMETRIC:
    case SIOCGIFMTU:
    case SIOCGIFHWADDR:
    case SIOCGIFINDEX:
    case SIOCGIFTXQLEN:
        break;
    default:
        return -ENOTTY;
    }
    if (!argument)
        return -EFAULT;
    request->name[LINK_NAME_SIZE - 1] = '\0'; /* as Linux does */
    netif = link_by_name(request->name);
    if (!netif)
        return -ENODEV;
    switch (what) {
    case SIOCGIFFLAGS:
        request->flags = (int16_t)link_flags(netif);
        return 0;
    case SIOCGIFMETRIC:
        request->word = 0; /* Linux has none either */
        return 0;
    case SIOCGIFMTU:
        request->word = (int32_t)link_mtu(netif);
        return 0;
    case SIOCGIFHWADDR:
        get_hardware(netif, request);
        return 0;
    case SIOCGIFINDEX:
        request->word = netif_get_index(netif);
        return 0;
    case SIOCGIFTXQLEN:
        request->word = (int32_t)link_queue(netif);
        return 0;
    default:
        return get_address(netif, what, request);
    }
}
