/* Options of a DHCP message; lease.h has the contract. */
#include "lib/net/lease.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

/* The fields of a message (RFC 2131, 2). */
#define SNAME   44
#define FILE_   108
#define COOKIE  236
#define OPTIONS 240

/* Options (RFC 2132; 119: RFC 3397; 121: RFC 3442). */
enum {
    PAD = 0,
    ROUTERS = 3,
    NAME_SERVERS = 6,
    DOMAIN = 15,
    MTU = 26,
    NTP_SERVERS = 42,
    OVERLOAD = 52,
    SEARCH = 119,
    CLASSLESS = 121,
    END = 255,
};

/* An option, put together from its pieces. Static, since stacks are small: messages are read
 * inside lwIP, where one is alone (core.h). */
static struct {
    size_t len;
    bool given;
    uint8_t bytes[1024];
} option;

/* Append what the options from `p` to `end` say of one. False if that is too much. */
static bool
gather(const uint8_t *p, const uint8_t *end, uint8_t code)
{
    while (p < end && *p != END) {
        if (*p == PAD) {
            p++;
            continue;
        }
        if (end - p < 2 || end - p - 2 < p[1])
            return true; /* cut short: what came before it counts */
        if (*p == code) {
            if (p[1] > sizeof(option.bytes) - option.len)
                return false;
            memcpy(option.bytes + option.len, p + 2, p[1]);
            option.len += p[1];
            option.given = true;
        }
        p += 2 + p[1];
    }
    return true;
}

/*
 * The pieces of an option in the order of RFC 3396, 7: of the options field, then of the file
 * field, then of the server's name, where these two hold options (RFC 2132, 9.3).
 */
static bool
find(const uint8_t *message, size_t len, unsigned fields, uint8_t code)
{
    option.len = 0;
    option.given = false;
    return gather(message + OPTIONS, message + len, code) &&
           (!(fields & 1) || gather(message + FILE_, message + COOKIE, code)) &&
           (!(fields & 2) || gather(message + SNAME, message + FILE_, code)) && option.given;
}

static ip4_addr_t
address_at(const uint8_t *bytes)
{
    ip4_addr_t address;

    memcpy(&address.addr, bytes, sizeof(address.addr));
    return address;
}

/* An address that one machine can have. */
static bool
is_host(const ip4_addr_t *address)
{
    uint8_t first = ip4_addr1(address);

    return first != 0 && first != 127 && first < 224;
}

/* A list of addresses, those of no host left out; how many were put into `to`. */
static unsigned
read_hosts(ip4_addr_t *to, unsigned room)
{
    unsigned n = 0;

    if (option.len % 4)
        return 0;
    for (size_t at = 0; at < option.len && n < room; at += 4) {
        to[n] = address_at(option.bytes + at);
        n += is_host(&to[n]);
    }
    return n;
}

/*
 * RFC 3442: each route is the width of its mask, the octets of the destination that the mask
 * covers, and the router. All of it, or nothing: with half a table packets would go astray.
 */
static void
read_routes(struct net_lease *out)
{
    const uint8_t *p = option.bytes, *end = p + option.len;
    unsigned n = 0;

    while (p < end) {
        struct net_route route = {0};
        unsigned width = *p++;
        size_t octets = (width + 7) / 8;

        if (width > 32 || (size_t)(end - p) < octets + 4)
            return;
        memcpy(&route.to.addr, p, octets);
        route.mask.addr = width ? lwip_htonl(0xffffffffu << (32 - width)) : 0;
        route.to.addr &= route.mask.addr; /* "the client SHOULD clear them" */
        route.router = address_at(p + octets);
        p += octets + 4;
        if (!ip4_addr_isany_val(route.router) && !is_host(&route.router))
            continue;
        if (n < NET_LEASE_ROUTES)
            out->routes[n] = route;
        n++;
    }
    if (n > NET_LEASE_ROUTES)
        log_warn("net: DHCP names %u routes, only the first %u are used", n, NET_LEASE_ROUTES);
    out->classless = n > 0;
    out->nr_routes = MIN(n, NET_LEASE_ROUTES);
}

/* ---- domains ---- */

/* What may stand in a name that is looked up: nothing that ends a line or a word of a file. */
static bool
is_name_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_';
}

#define NAME_MAX 253 /* characters of a name (RFC 1035, 2.3.4, without its length octets) */

/*
 * One name at *at, which moves behind it (RFC 1035, 4.1.4). A pointer leads to where a name
 * began before, so each has to lead further back than the last: that ends every chain. Characters
 * into `to`, -1 if it is no name, 0 for the root.
 */
static int
read_name(size_t *at, char *to)
{
    size_t p = *at, least = *at;
    bool jumped = false;
    int n = 0;

    for (;;) {
        uint8_t len;

        if (p >= option.len)
            return -1;
        len = option.bytes[p++];
        if (len >= 0xc0) {
            if (p >= option.len)
                return -1;
            if (!jumped)
                *at = p + 1;
            jumped = true;
            p = (size_t)(len & 0x3f) << 8 | option.bytes[p];
            if (p >= least)
                return -1;
            least = p;
            continue;
        }
        if (len > 63 || len > option.len - p)
            return -1;
        if (!len)
            break;
        if (n + (n > 0) + len > NAME_MAX)
            return -1;
        if (n)
            to[n++] = '.';
        for (; len; len--, p++) {
            if (!is_name_char(option.bytes[p]))
                return -1;
            to[n++] = (char)option.bytes[p];
        }
    }
    if (!jumped)
        *at = p;
    return n;
}

/* One more domain, if there is room for the whole of it. */
static void
add_domain(struct net_lease *out, const char *name, size_t len)
{
    size_t used = strlen(out->search);

    if (!len || used + (used > 0) + len >= sizeof(out->search))
        return;
    if (used)
        out->search[used++] = ' ';
    memcpy(out->search + used, name, len);
    out->search[used + len] = '\0';
}

/* RFC 3397. A list that is broken in one place is believed in none. */
static void
read_search(struct net_lease *out)
{
    char name[NAME_MAX + 1];

    for (size_t at = 0; at < option.len;) {
        int len = read_name(&at, name);

        if (len < 0) {
            out->search[0] = '\0';
            return;
        }
        add_domain(out, name, (size_t)len);
    }
}

/* Option 15 is text; servers end it with a NUL or a dot, or list several between blanks. */
static void
read_domain(struct net_lease *out)
{
    const uint8_t *text = option.bytes;
    size_t len = option.len;

    while (len && (text[len - 1] == '\0' || text[len - 1] == '.'))
        len--;
    for (size_t i = 0; i < len; i++)
        if (!is_name_char(text[i]) && text[i] != '.' && text[i] != ' ')
            return;
    add_domain(out, (const char *)text, len);
}

void
net_lease_read(const uint8_t *message, size_t len, struct net_lease *out)
{
    unsigned fields = 0; /* bit 0: the file field holds options, bit 1: the name field does */

    memset(out, 0, sizeof(*out));
    if (len < OPTIONS)
        return;
    if (find(message, len, 0, OVERLOAD) && option.len == 1)
        fields = option.bytes[0];
    if (find(message, len, fields, MTU) && option.len == 2)
        out->mtu = (uint16_t)(option.bytes[0] << 8 | option.bytes[1]);
    if (out->mtu < NET_LEASE_MTU)
        out->mtu = 0;
    if (find(message, len, fields, CLASSLESS))
        read_routes(out);
    if (!out->classless && find(message, len, fields, ROUTERS))
        out->nr_routers = read_hosts(out->routers, NET_LEASE_ROUTERS);
    if (find(message, len, fields, NAME_SERVERS))
        out->nr_servers = read_hosts(out->servers, NET_LEASE_SERVERS);
    if (find(message, len, fields, NTP_SERVERS))
        out->nr_clocks = read_hosts(out->clocks, NET_LEASE_SERVERS);
    if (find(message, len, fields, SEARCH))
        read_search(out);
    if (!out->search[0] && find(message, len, fields, DOMAIN))
        read_domain(out);
}
