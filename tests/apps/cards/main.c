/*
 * What programs see of the machine's cards: lists the interfaces, by getifaddrs and by requests,
 * and then answers datagrams, by the address and the interface that they came to: at port 9 all,
 * at port 10 those that come by eth1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static void
list_addresses(void)
{
    struct ifaddrs *list;

    if (getifaddrs(&list)) {
        perror("getifaddrs");
        return;
    }
    for (const struct ifaddrs *it = list; it; it = it->ifa_next) {
        const struct sockaddr_ll *link = (const void *)it->ifa_addr;
        char address[64], mask[64], broadcast[64] = "none";

        if (it->ifa_addr->sa_family == AF_PACKET)
            printf("link %s %u flags %x mac %02x:%02x:%02x\n", it->ifa_name,
                   (unsigned)link->sll_ifindex, it->ifa_flags, link->sll_addr[3],
                   link->sll_addr[4], link->sll_addr[5]);
        if (it->ifa_addr->sa_family != AF_INET)
            continue;
        inet_ntop(AF_INET, &((struct sockaddr_in *)it->ifa_addr)->sin_addr, address, 64);
        inet_ntop(AF_INET, &((struct sockaddr_in *)it->ifa_netmask)->sin_addr, mask, 64);
        if (it->ifa_broadaddr)
            inet_ntop(AF_INET, &((struct sockaddr_in *)it->ifa_broadaddr)->sin_addr, broadcast,
                      64);
        printf("address %s %s mask %s broadcast %s\n", it->ifa_name, address, mask, broadcast);
    }
    freeifaddrs(list);
}

static void
ask(int fd, const char *name)
{
    struct ifreq request = {.ifr_name = ""};
    int index, mtu, flags;

    strcpy(request.ifr_name, name);
    index = ioctl(fd, SIOCGIFINDEX, &request) ? -1 : request.ifr_ifindex;
    mtu = ioctl(fd, SIOCGIFMTU, &request) ? -1 : request.ifr_mtu;
    flags = ioctl(fd, SIOCGIFFLAGS, &request) ? -1 : request.ifr_flags;
    printf("asked %s %d %d %x %s\n", name, index, mtu, (unsigned)flags,
           ioctl(fd, SIOCGIFBRDADDR, &request)
               ? "none"
               : inet_ntoa(((struct sockaddr_in *)&request.ifr_broadaddr)->sin_addr));
}

static int
open_port(int port, const char *device)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &(int){1}, sizeof(int)) ||
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) ||
        bind(fd, (struct sockaddr *)&any, sizeof(any)))
        perror("open_port");
    return fd;
}

static void
answer(int fd)
{
    struct sockaddr_in from;
    char data[100], name[IF_NAMESIZE], control[CMSG_SPACE(sizeof(struct in_pktinfo))];
    struct iovec part = {data, sizeof(data)};
    struct msghdr message = {&from, sizeof(from), &part, 1, control, sizeof(control), 0};
    struct in_pktinfo *info = (void *)CMSG_DATA((struct cmsghdr *)control);
    ssize_t n = recvmsg(fd, &message, 0);

    if (n < 0 || message.msg_controllen != sizeof(control)) {
        perror("recvmsg");
        return;
    }
    printf("came to %s by %s\n", inet_ntoa(info->ipi_addr),
           if_indextoname((unsigned)info->ipi_ifindex, name) ? name : "nothing");
    part.iov_len = (size_t)n;
    if (sendmsg(fd, &message, 0) != n)
        perror("sendmsg");
}

int
main(void)
{
    struct pollfd ports[2] = {{open_port(9, ""), POLLIN, 0},
                              {open_port(10, "eth1"), POLLIN, 0}};

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    list_addresses();
    ask(ports[0].fd, "eth0");
    ask(ports[0].fd, "eth1");
    puts("ready");
    while (poll(ports, 2, -1) > 0)
        for (int i = 0; i < 2; i++)
            if (ports[i].revents)
                answer(ports[i].fd);
    return 1;
}
