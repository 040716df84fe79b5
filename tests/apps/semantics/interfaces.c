/* The network's interfaces, by requests, by names and as lists: what every machine has, "lo". */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "network.h"
#include "show.h"

static struct ifreq request;

static struct ifreq *
of(const char *name)
{
    memset(&request, 0, sizeof(request));
    memcpy(request.ifr_name, name, strnlen(name, sizeof(request.ifr_name)));
    return &request;
}

static const char *
address(const struct sockaddr *any)
{
    static char text[INET6_ADDRSTRLEN];

    if (any->sa_family == AF_INET)
        return inet_ntop(AF_INET, &((const struct sockaddr_in *)any)->sin_addr, text,
                         sizeof(text));
    return inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)any)->sin6_addr, text,
                     sizeof(text));
}

static void
requests(int fd)
{
    struct ifreq list[4];
    struct ifconf wanted = {.ifc_len = sizeof(list), .ifc_req = list};

    SHOW(ioctl(fd, SIOCGIFINDEX, of("lo")));
    SHOW(request.ifr_ifindex);
    SHOW(ioctl(fd, SIOCGIFNAME, &request));
    SHOW_TEXT(request.ifr_name);
    SHOW(ioctl(fd, SIOCGIFFLAGS, of("lo")));
    SHOW(request.ifr_flags);
    SHOW(ioctl(fd, SIOCGIFADDR, of("lo")));
    SHOW(request.ifr_addr.sa_family);
    SHOW_TEXT(address(&request.ifr_addr));
    SHOW(ioctl(fd, SIOCGIFDSTADDR, of("lo")));
    SHOW_TEXT(address(&request.ifr_addr));
    SHOW(ioctl(fd, SIOCGIFNETMASK, of("lo")));
    SHOW_TEXT(address(&request.ifr_addr));
    SHOW(ioctl(fd, SIOCGIFBRDADDR, of("lo")));
    SHOW_TEXT(address(&request.ifr_addr));
    SHOW(ioctl(fd, SIOCGIFHWADDR, of("lo")));
    SHOW(request.ifr_hwaddr.sa_family);
    SHOW(memcmp(request.ifr_hwaddr.sa_data, "\0\0\0\0\0\0", 6));
    SHOW(ioctl(fd, SIOCGIFMTU, of("lo")));
    SHOW(request.ifr_mtu);
    SHOW(ioctl(fd, SIOCGIFMETRIC, of("lo")));
    SHOW(request.ifr_metric);
    SHOW(ioctl(fd, SIOCGIFTXQLEN, of("lo")));
    SHOW(request.ifr_qlen);
    SHOW(ioctl(fd, SIOCGIFCONF, &wanted));
    SHOW(wanted.ifc_len);
    SHOW_TEXT(list[0].ifr_name);
    SHOW_TEXT(address(&list[0].ifr_addr));
    wanted.ifc_len = sizeof(list[0]) - 1;
    SHOW(ioctl(fd, SIOCGIFCONF, &wanted));
    SHOW(wanted.ifc_len);
    wanted.ifc_len = -5;
    SHOW(ioctl(fd, SIOCGIFCONF, &wanted));
    SHOW(wanted.ifc_len);
    wanted.ifc_req = NULL;
    SHOW(ioctl(fd, SIOCGIFCONF, &wanted));
    SHOW(wanted.ifc_len);
}

static void
wrong_requests(int fd)
{
    SHOW(ioctl(fd, SIOCGIFCONF, NULL));
    SHOW(ioctl(fd, SIOCGIFNAME, NULL));
    SHOW(ioctl(fd, SIOCGIFMTU, NULL));
    SHOW(ioctl(fd, SIOCGIFMTU, of("")));
    SHOW(ioctl(fd, SIOCGIFMTU, of("nothere")));
    SHOW(ioctl(fd, SIOCGIFADDR, of("nothere")));
    SHOW(ioctl(fd, SIOCGIFINDEX, of("lofty")));
    SHOW(ioctl(fd, SIOCGIFINDEX, of("sixteen bytes or more")));
    request.ifr_ifindex = 0;
    SHOW(ioctl(fd, SIOCGIFNAME, &request));
    request.ifr_ifindex = -1;
    SHOW(ioctl(fd, SIOCGIFNAME, &request));
    request.ifr_ifindex = 70000;
    SHOW(ioctl(fd, SIOCGIFNAME, &request));
    SHOW(ioctl(fd, 0x7777, of("lo")));
}

static void
named(void)
{
    struct if_nameindex *list;
    char name[IF_NAMESIZE] = "unchanged";

    SHOW(if_nametoindex("lo"));
    SHOW(if_nametoindex("nothere"));
    SHOW(if_nametoindex(""));
    SHOW_TEXT(if_indextoname(1, name));
    SHOW_TEXT(if_indextoname(0, name));
    SHOW_TEXT(if_indextoname(777, name));
    SHOW_TRUTH((list = if_nameindex()) != NULL);
    if (!list)
        return;
    SHOW(list[0].if_index);
    SHOW_TEXT(list[0].if_name);
    SHOW(list[1].if_index);
    SHOW_TRUTH(list[1].if_name == NULL);
    if_freenameindex(list);
}

static int family;
static unsigned flags, hardware, index_of;

static void
show_one(const struct ifaddrs *one)
{
    const struct sockaddr_ll *link = (const void *)one->ifa_addr;

    SHOW_TEXT(one->ifa_name);
    SHOW(flags = one->ifa_flags);
    SHOW(family = one->ifa_addr->sa_family);
    if (family == AF_PACKET) {
        SHOW(hardware = link->sll_hatype);
        SHOW(index_of = (unsigned)link->sll_ifindex);
        SHOW(link->sll_halen);
        SHOW_TRUTH(one->ifa_data != NULL);
        return;
    }
    SHOW_TEXT(address(one->ifa_addr));
    SHOW_TEXT(address(one->ifa_netmask));
    SHOW_TRUTH(one->ifa_broadaddr != NULL);
    if (one->ifa_broadaddr)
        SHOW_TEXT(address(one->ifa_broadaddr));
}

static void
listed(void)
{
    struct ifaddrs *list;
    int got;

    SHOW(got = getifaddrs(&list));
    if (got)
        return;
    for (const struct ifaddrs *one = list; one; one = one->ifa_next)
        show_one(one);
    freeifaddrs(list);
}

static struct {
    unsigned len;
    unsigned short type, flags;
    unsigned seq, port;
    unsigned char family, pad[3];
    unsigned char rest[400];
} ask, reply;

static int
send_ask(int fd, unsigned type, unsigned ask_flags, unsigned len)
{
    memset(&ask, 0, sizeof(ask));
    ask.len = len;
    ask.type = (unsigned short)type;
    ask.flags = (unsigned short)ask_flags;
    ask.seq = 4711;
    return (int)send(fd, &ask, 20, 0);
}

static int
readable(int fd)
{
    struct pollfd entry = {fd, POLLIN, 0};

    return poll(&entry, 1, 0) < 0 ? -1 : entry.revents;
}

static void
messages(void)
{
    int fd;

    SHOW(socket(16, SOCK_STREAM, 0));
    SHOW(socket(16, SOCK_RAW, 77));
    SHOW(fd = socket(16, SOCK_RAW | SOCK_CLOEXEC, 0));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(readable(fd));
    SHOW(recv(fd, &reply, sizeof(reply), MSG_DONTWAIT));
    SHOW(send_ask(fd, 18, 0x301, 19)); /* RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP */
    SHOW(readable(fd));
    SHOW(recv(fd, &reply, 16, MSG_PEEK));
    SHOW(recv(fd, &reply, sizeof(reply), 0) >= 16);
    SHOW(reply.type);
    SHOW(reply.flags);
    SHOW(reply.seq);
    do
        recv(fd, &reply, sizeof(reply), MSG_DONTWAIT);
    while (reply.type != 3);
    SHOW(reply.seq);
    SHOW(readable(fd));
    SHOW(recv(fd, &reply, sizeof(reply), MSG_DONTWAIT));
    SHOW(send_ask(fd, 18, 0x301, 10)); /* too short, too long, no request, none of ours */
    SHOW(send_ask(fd, 18, 0x301, 200));
    SHOW(send_ask(fd, 18, 0x300, 20));
    SHOW(send_ask(fd, 2, 0x301, 20));
    SHOW(readable(fd));
    SHOW(listen(fd, 5));
    SHOW(accept(fd, NULL, NULL));
    SHOW(close(fd));
}

void
interfaces(void)
{
    int fd;

    SHOW(fd = socket(AF_INET, SOCK_DGRAM, 0));
    requests(fd);
    wrong_requests(fd);
    SHOW(close(fd));
    SHOW(fd = socket(AF_INET, SOCK_STREAM, 0));
    SHOW(ioctl(fd, SIOCGIFINDEX, of("lo")));
    SHOW(close(fd));
    named();
    listed();
    messages();
}
