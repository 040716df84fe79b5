/*
 * Taps: an existing one (--net=tap:NAME, which needs no privileges if the tap is the user's),
 * or one that is made, named and configured here as the original does (--tunnet, which needs
 * CAP_NET_ADMIN). The tap's offloads are switched on whatever the guest accepts: the original
 * does so, and a guest has to live with it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "launcher/device/device.h"
#include "launcher/launcher.h"
#include "launcher/device/net.h"

static int
open_tap(struct ifreq *request)
{
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        usage_error("cannot open /dev/net/tun: %s", strerror(errno));
    request->ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    if (ioctl(fd, TUNSETIFF, request) != 0)
        usage_error("cannot use the tap '%s': %s%s", request->ifr_name, strerror(errno),
                    errno == EPERM ? " (it needs to be yours, or CAP_NET_ADMIN to make it)"
                                   : "");
    if (ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN) != 0)
        die("cannot switch on the offloads of '%s': %s", request->ifr_name, strerror(errno));
    return fd;
}

void
net_open_tap(char *value)
{
    uint8_t mac[6];
    char *name = strsep(&value, ",");
    struct ifreq request = {0};
    if (!*name || strlen(name) >= sizeof(request.ifr_name))
        usage_error("'%s' is no name of a tap", name);
    strcpy(request.ifr_name, name);
    net_default_mac(name, mac);
    if (value && (strncmp(value, "mac=", 4) != 0 || !net_parse_mac(value + 4, mac)))
        usage_error("--net=tap:%s,%s: only mac=XX:XX:XX:XX:XX:XX may follow", name, value);
    if (if_nametoindex(name) == 0)
        usage_error("there is no tap '%s'; make it by: ip tuntap add %s mode tap user NAME",
                    name, name);
    net_device(open_tap(&request), true, mac);
}

static void
configure(int socket, unsigned long call, struct ifreq *request, const char *what)
{
    if (ioctl(socket, call, request) != 0)
        usage_error("cannot %s '%s': %s", what, request->ifr_name, strerror(errno));
}

static void
add_to_bridge(int socket, const char *bridge, const char *tap)
{
    struct ifreq request = {0};
    if (!*bridge || strlen(bridge) >= sizeof(request.ifr_name))
        usage_error("'%s' is no name of a bridge", bridge);
    strcpy(request.ifr_name, bridge);
    request.ifr_ifindex = if_nametoindex(tap);
    configure(socket, SIOCBRADDIF, &request, "add the tap to bridge");
}

void
net_open_tunnet(char *value)
{
    static const char bridge[] = "bridge:";
    uint8_t mac[6];
    bool bridged = strncmp(value, bridge, sizeof(bridge) - 1) == 0;
    char *rest = bridged ? value + sizeof(bridge) - 1 : value;
    char *to = strsep(&rest, ":");
    if (rest && !net_parse_mac(rest, mac))
        usage_error("--tunnet: '%s' is no MAC address", rest);
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (!bridged && inet_pton(AF_INET, to, &address.sin_addr) != 1)
        usage_error("--tunnet=%s: it has to be IP[:MAC] or bridge:NAME[:MAC]", to);

    struct ifreq request = {.ifr_name = "tap%d"};
    int fd = open_tap(&request);
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0)
        die("cannot make a socket: %s", strerror(errno));
    if (bridged) {
        add_to_bridge(control, to, request.ifr_name);
    } else {
        struct ifreq addressed = request;
        memcpy(&addressed.ifr_addr, &address, sizeof(address));
        configure(control, SIOCSIFADDR, &addressed, "set the address of");
    }
    struct ifreq up = request;
    up.ifr_flags = IFF_UP;
    configure(control, SIOCSIFFLAGS, &up, "bring up");
    close(control);
    verbose("tap %s", request.ifr_name);
    net_device(fd, true, rest ? mac : NULL);
}
