/*
 * The network interfaces there are, in the order found: eth0, eth1, ... What a stack does with
 * them is between it and the driver (kernel/device.h).
 */
#include "kernel/device.h"
#include "kernel/kernel.h"

static struct list interfaces = LIST_INIT(interfaces);
static unsigned nr_interfaces;

void
net_register(struct net_device *d)
{
    ksnprintf(d->name, sizeof(d->name), "eth%u", nr_interfaces++);
    list_append(&interfaces, &d->link);
}

struct net_device *
net_next(struct net_device *after)
{
    struct list *next = after ? after->link.next : interfaces.next;

    return next == &interfaces ? NULL : container_of(next, struct net_device, link);
}
