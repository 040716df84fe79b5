/* Which groups of IPv6 sockets have joined. lwIP counts members and knows no sockets, so a socket
 * that is closed has its groups left here. */
#include "lib/net/socket.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lwip/mld6.h"
#include "lib/net/core.h"

#define MEMBERSHIPS_MAX 16

static struct membership {
    const struct socket *socket; /* NULL: free */
    struct netif *netif;
    ip6_addr_t group;
} memberships[MEMBERSHIPS_MAX];

static struct membership *
find(const struct socket *socket, const struct netif *netif, const ip6_addr_t *group)
{
    for (unsigned i = 0; i < MEMBERSHIPS_MAX; i++) {
        struct membership *it = &memberships[i];

        if (it->socket == socket && (!netif || it->netif == netif) &&
            (!group || ip6_addr_cmp_zoneless(&it->group, group)))
            return it;
    }
    return NULL;
}

static int
join(const struct socket *socket, struct netif *netif, const ip6_addr_t *group)
{
    struct membership *place = find(NULL, NULL, NULL);

    if (!place)
        return -ENOMEM;
    if (mld6_joingroup_netif(netif, group))
        return -EADDRNOTAVAIL;
    *place = (struct membership){socket, netif, *group};
    return 0;
}

static int
leave(const struct socket *socket, struct netif *netif, const ip6_addr_t *group)
{
    struct membership *it = find(socket, netif, group);

    if (it)
        it->socket = NULL;
    return it && !mld6_leavegroup_netif(netif, group) ? 0 : -EADDRNOTAVAIL;
}

int
multicast_change(struct socket *socket, bool joins, const void *request, uint32_t len)
{
    struct {
        uint8_t group[16];
        uint32_t index; /* of the interface */
    } wanted;
    ip6_addr_t group = {0};
    struct netif *netif;
    int error;

    if (len < sizeof(wanted))
        return -EINVAL;
    if (socket->type != LINUX_SOCK_DGRAM)
        return -ENOPROTOOPT;
    memcpy(&wanted, request, sizeof(wanted));
    memcpy(group.addr, wanted.group, sizeof(wanted.group));
    net_core_enter();
    netif = wanted.index <= UINT8_MAX ? netif_get_by_index((u8_t)wanted.index) : NULL;
    if (!netif)
        error = -EADDRNOTAVAIL;
    else
        error = joins ? join(socket, netif, &group) : leave(socket, netif, &group);
    net_core_leave();
    return error;
}

void
multicast_leave_all(const struct socket *socket)
{
    struct membership *it;

    while ((it = find(socket, NULL, NULL))) {
        it->socket = NULL;
        (void)mld6_leavegroup_netif(it->netif, &it->group);
    }
}
