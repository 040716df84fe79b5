/*
 * hostfwd=PROTOCOL:[ADDRESS:]PORT-[ADDRESS]:PORT, for a port of this machine that leads to one
 * of the guest. Without an address only this machine can connect; an empty one (tcp::80-:80,
 * as in QEMU) means any.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "launcher/usernet/usernet.h"

#define GUEST "10.0.2.15"

/* "80"; 0 if it is no port. */
static int
parse_port(const char *text)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && port <= 65535 ? (int)port : 0;
}

/* "ADDRESS:PORT", with what an absent and an empty address mean. */
static bool
parse_end(char *text, const char *absent, const char *empty, struct in_addr *address, int *port)
{
    char *colon = strrchr(text, ':');
    const char *name = absent;
    if (colon) {
        *colon = '\0';
        name = *text ? text : empty;
        text = colon + 1;
    }
    *port = parse_port(text);
    return *port != 0 && name && inet_pton(AF_INET, name, address) == 1;
}

static void
forward(Slirp *slirp, const char *value)
{
    char copy[128] = "";
    strncat(copy, value, sizeof(copy) - 1);
    bool udp = strncmp(copy, "udp:", 4) == 0;
    char *to = strchr(copy, '-');
    struct in_addr host, guest;
    int host_port, guest_port;
    if (to)
        *to++ = '\0';
    if (!to || (!udp && strncmp(copy, "tcp:", 4) != 0) ||
        !parse_end(copy + 4, "127.0.0.1", "0.0.0.0", &host, &host_port) ||
        !parse_end(to, NULL, GUEST, &guest, &guest_port))
        fail("hostfwd=%s: it has to be like tcp:8080-:80 or udp:0.0.0.0:7-:7", value);
    if (slirp_add_hostfwd(slirp, udp, host, host_port, guest, guest_port) != 0)
        fail("cannot listen on %s port %d of %s: %s", udp ? "UDP" : "TCP", host_port,
             inet_ntoa(host), strerror(errno));
}

void
forward_all(Slirp *slirp, char *options)
{
    static const char name[] = "hostfwd=";
    for (char *word; (word = strsep(&options, ","));) {
        if (strncmp(word, name, sizeof(name) - 1) == 0)
            forward(slirp, word + sizeof(name) - 1);
        else if (*word)
            fail("--net=user: '%s' is unknown; there are hostfwd= and mac=", word);
    }
}
