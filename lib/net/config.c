/*
 * Which cards are brought up, and with what addresses, by words of the command line:
 *
 *     ip=dhcp | ip=a.b.c.d/len | ip=off     gw=a.b.c.d     dns=address[,address...]
 *     ip6=auto | ip6=address/len | ip6=off
 *
 * each with "ethN:" in front for card N, without for eth0. The first card has ip=dhcp if no word
 * says otherwise, so that an image works where it is put; another card with neither an ip nor an
 * ip6 word stays down. ip6 defaults to auto, but with ip=off to off.
 *
 * The start waits for nothing. Who needs an address that is still being asked for (connect,
 * sendto, the resolver) waits for net_config_changed, or in pending.c, while net_config_pending()
 * says that there is hope.
 */
#include "lib/net/core.h"
#include "lib/net/words.h"
#include "kernel/cmdline.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lwip/dhcp.h"
#include "lwip/ip6_addr.h"
#include "lwip/nd6.h"

#define PATIENCE4 (10 * NSEC_PER_SEC) /* for DHCP: two of its retries */
#define PATIENCE6 (6 * NSEC_PER_SEC)  /* for a router's answer and duplicate detection */

/* What the words of one card ask for. */
struct net_config {
    bool dhcp, auto6;
    bool have4, have6; /* an address of the words' own */
    ip4_addr_t address4, mask, gateway;
    ip6_addr_t address6;
    /* What the log has said already, so that it says it once. */
    ip4_addr_t told4;
    bool told6[LWIP_IPV6_NUM_ADDRESSES];
};

struct wait_queue net_config_changed = WAIT_QUEUE_INIT(net_config_changed);

static uint64_t started;

/* ---- waiting for addresses ---- */

static bool
has_ip6(const struct netif *netif)
{
    for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        if (ip6_addr_ispreferred(netif_ip6_addr_state(netif, i)) &&
            !ip6_addr_islinklocal(netif_ip6_addr(netif, i)))
            return true;
    return false;
}

bool
net_config_pending(bool ip6, uint64_t *deadline)
{
    *deadline = started + (ip6 ? PATIENCE6 : PATIENCE4);
    if (clock_now() >= *deadline)
        return false;
    for (struct net_card *card = net_card_next(NULL); card; card = net_card_next(card)) {
        const struct net_config *config = card->config;

        if (ip6 && (config->auto6 || config->have6) && !has_ip6(&card->netif))
            return true;
        if (!ip6 && config->dhcp && ip4_addr_isany(netif_ip4_addr(&card->netif)))
            return true;
    }
    return false;
}

void
net_config_notify(void)
{
    wake_all(&net_config_changed);
    net_pending_look();
}

/* ---- saying what there is ---- */

static void
tell4(struct net_card *card)
{
    struct net_config *config = card->config;
    const ip4_addr_t *address = netif_ip4_addr(&card->netif);
    char text[IP4ADDR_STRLEN_MAX], gateway[IP4ADDR_STRLEN_MAX];

    if (ip4_addr_cmp(address, &config->told4))
        return;
    if (ip4_addr_isany(address)) {
        log_warn("%s: the IPv4 address is gone, asking again", card->device->name);
    } else {
        ip4addr_ntoa_r(address, text, sizeof(text));
        ip4addr_ntoa_r(netif_ip4_gw(&card->netif), gateway, sizeof(gateway));
        log_info("%s: %s/%d, gateway %s%s", card->device->name, text,
                 __builtin_popcount(netif_ip4_netmask(&card->netif)->addr),
                 ip4_addr_isany(netif_ip4_gw(&card->netif)) ? "none" : gateway,
                 config->dhcp ? ", by DHCP" : "");
    }
    config->told4 = *address;
}

static void
tell6(struct net_card *card, int i)
{
    struct net_config *config = card->config;
    const ip6_addr_t *address = netif_ip6_addr(&card->netif, i);
    bool valid = ip6_addr_isvalid(netif_ip6_addr_state(&card->netif, i));
    char text[IP6ADDR_STRLEN_MAX];

    if (valid && !config->told6[i] && !ip6_addr_islinklocal(address)) {
        ip6addr_ntoa_r(address, text, sizeof(text));
        for (char *p = text; *p; p++)
            *p |= 0x20; /* lower case, as RFC 5952 has it; no other character changes */
        log_info("%s: %s/64%s", card->device->name, text,
                 netif_ip6_addr_isstatic(&card->netif, i) ? "" : ", by its router");
    }
    config->told6[i] = valid;
}

/* lwIP calls this inside, whenever an address or its state changed. */
static void
status_changed(struct netif *netif)
{
    struct net_card *card = netif->state;

    tell4(card);
    for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        tell6(card, i);
    net_config_notify();
}

/* ---- the words ---- */

static void
read_ip(const char *card, const char *value, bool first, struct net_config *config)
{
    const char *gateway = cmdline_word(card, "gw");

    if (gateway && !net_parse_ip4(gateway, &config->gateway))
        cmdline_bad_value("gw", gateway, "an IPv4 address");
    if (!value || strcmp(value, "off") == 0)
        return;
    if (strcmp(value, "dhcp") == 0)
        config->dhcp = true;
    else if (net_parse_ip4_host(value, &config->address4, &config->mask))
        config->have4 = true;
    else {
        cmdline_bad_value("ip", value, "dhcp, off, or a host's address a.b.c.d/len");
        config->dhcp = first; /* the default */
    }
}

static void
read_ip6(const char *card, const char *value, struct net_config *config)
{
    unsigned len = 64;

    if (strcmp(value, "off") == 0)
        return;
    if (strcmp(value, "auto") == 0) {
        config->auto6 = true;
        return;
    }
    if (!net_parse_ip6_host(value, &config->address6, &len)) {
        cmdline_bad_value("ip6", value, "auto, off, or a host's address/len");
        config->auto6 = true;
        return;
    }
    config->have6 = true;
    if (len != 64) /* all that lwIP knows */
        log_warn("%s: ip6=%s: the prefix is used as one of 64 bits", card, value);
}

static void
read_servers(const char *card)
{
    const char *value = cmdline_word(card, "dns");
    ip_addr_t servers[NET_MAX_SERVERS];
    unsigned n;

    if (!value)
        return;
    n = net_parse_servers(value, servers);
    if (!n)
        cmdline_bad_value("dns", value, "up to three addresses with commas between");
    for (unsigned i = 0; i < n; i++)
        net_resolv_add(&servers[i]);
}

/* ---- bringing up ---- */

static void
apply4(struct net_card *card)
{
    struct net_config *config = card->config;

    if (config->have4)
        netif_set_addr(&card->netif, &config->address4, &config->mask, &config->gateway);
    if (config->dhcp && dhcp_start(&card->netif) != ERR_OK)
        log_error("%s: DHCP cannot start: not enough memory", card->device->name);
}

static void
apply6(struct net_card *card)
{
    struct net_config *config = card->config;

    if (!config->auto6 && !config->have6)
        return;
    netif_create_ip6_linklocal_address(&card->netif, 1);
    netif_set_ip6_autoconfig_enabled(&card->netif, config->auto6);
    if (config->have6) {
        ip6_addr_assign_zone(&config->address6, IP6_UNICAST, &card->netif);
        netif_ip6_addr_set(&card->netif, 1, &config->address6);
        netif_ip6_addr_set_state(&card->netif, 1, IP6_ADDR_TENTATIVE);
    }
}

static void
bring_up(struct net_device *device)
{
    const char *ip = cmdline_word(device->name, "ip");
    const char *ip6 = cmdline_word(device->name, "ip6");
    struct net_config *config;
    struct net_card *card;

    if (!ip && device == net_next(NULL))
        ip = "dhcp";
    if (!ip6)
        ip6 = ip && strcmp(ip, "off") != 0 ? "auto" : "off";
    if ((!ip || strcmp(ip, "off") == 0) && strcmp(ip6, "off") == 0) {
        log_info("%s: %s, stays down", device->name, ip ? "ip=off" : "no ip= or ip6= word");
        return;
    }
    config = kmalloc(sizeof(*config));
    if (!config) {
        log_error("%s: not enough memory to bring it up", device->name);
        return;
    }
    read_ip(device->name, ip, device == net_next(NULL), config);
    read_ip6(device->name, ip6, config);
    read_servers(device->name);
    if (net_card_open(device, &card)) {
        kfree(config);
        return;
    }
    card->config = config;
    netif_set_status_callback(&card->netif, status_changed);
    netif_set_up(&card->netif);
    apply4(card);
    apply6(card);
}

/* Whether the command line has that word for any card. */
static bool
is_asked(const char *key)
{
    for (struct net_device *device = net_next(NULL); device; device = net_next(device))
        if (cmdline_word(device->name, key))
            return true;
    return false;
}

static void
net_init(void)
{
    struct net_device *device = NULL;
    bool asked = is_asked("ip") || is_asked("ip6") || is_asked("dns");

    started = clock_now();
    net_core_init();
    net_core_enter();
    while ((device = net_next(device)))
        bring_up(device);
    net_core_leave();
    if (!net_next(NULL) && (cmdline_word("eth0", "ip") || cmdline_word("eth0", "ip6")))
        log_warn("net: there is no card to bring up");
    net_resolv_mount(asked);
}

static const struct init_hook net_hook = {.order = 30, .run = net_init};
ENLIST(init, net_hook);

static const struct leave_hook net_end = {.run = net_leave};
ENLIST(leave, net_end);
