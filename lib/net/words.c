/* Addresses from text; words.h has the contract. Stricter than lwIP's own readers, which take
 * "10.1" and "0x7f.1" too: on a command line those are slips. */
#include "lib/net/words.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

/* Decimal in [0, max] up to `end`; moves *text behind it. */
static bool
number(const char **text, unsigned max, unsigned *out)
{
    const char *p = *text;
    unsigned value = 0;

    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (unsigned)(*p - '0');
        if (value > max)
            return false;
    }
    *text = p;
    *out = value;
    return true;
}

static bool
quad(const char **text, ip4_addr_t *out)
{
    const char *p = *text;
    unsigned n[4];

    for (int i = 0; i < 4; i++) {
        if (i && *p++ != '.')
            return false;
        if (!number(&p, 255, &n[i]))
            return false;
    }
    *text = p;
    IP4_ADDR(out, n[0], n[1], n[2], n[3]);
    return true;
}

bool
net_parse_ip4(const char *text, ip4_addr_t *out)
{
    ip4_addr_t address;

    if (!quad(&text, &address) || *text)
        return false;
    *out = address;
    return true;
}

bool
net_parse_ip4_host(const char *text, ip4_addr_t *address, ip4_addr_t *mask)
{
    ip4_addr_t host;
    uint32_t value, bits;
    unsigned len;

    if (!quad(&text, &host) || *text++ != '/' || !number(&text, 32, &len) || *text || !len)
        return false;
    value = lwip_ntohl(host.addr);
    bits = 0xffffffffu << (32 - len);
    if (value >> 24 == 0 || value >> 24 == 127 || value >> 24 >= 224)
        return false;
    if (len <= 30 && ((value & ~bits) == 0 || (value & ~bits) == ~bits))
        return false;
    *address = host;
    mask->addr = lwip_htonl(bits);
    return true;
}

/* The next address of a list in a buffer of its own, since lwIP reads up to the NUL. */
static bool
cut(const char **text, char end, char *to, size_t size)
{
    const char *at = strchr(*text, end);
    size_t len = at ? (size_t)(at - *text) : strlen(*text);

    if (len >= size)
        return false;
    memcpy(to, *text, len);
    to[len] = '\0';
    *text += len;
    return true;
}

#define IP6_TEXT_MAX 46 /* with its NUL, the longest is that of a mapped IPv4 address */

bool
net_parse_ip6_host(const char *text, ip6_addr_t *address, unsigned *len)
{
    char part[IP6_TEXT_MAX];
    ip6_addr_t host;
    unsigned n;

    if (!cut(&text, '/', part, sizeof(part)) || !ip6addr_aton(part, &host))
        return false;
    if (*text++ != '/' || !number(&text, 128, &n) || *text || !n)
        return false;
    if (ip6_addr_isany(&host) || ip6_addr_ismulticast(&host) || ip6_addr_isloopback(&host))
        return false;
    *address = host;
    *len = n;
    return true;
}

unsigned
net_parse_servers(const char *text, ip_addr_t out[NET_MAX_SERVERS])
{
    unsigned n = 0;

    for (;;) {
        char part[IP6_TEXT_MAX];
        ip4_addr_t ip4;
        ip6_addr_t ip6;

        if (n == NET_MAX_SERVERS || !cut(&text, ',', part, sizeof(part)))
            return 0;
        if (net_parse_ip4(part, &ip4))
            ip_addr_copy_from_ip4(out[n], ip4);
        else if (strchr(part, ':') && ip6addr_aton(part, &ip6))
            ip_addr_copy_from_ip6(out[n], ip6);
        else
            return 0;
        n++;
        if (!*text++)
            return n;
    }
}
