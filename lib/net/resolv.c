/*
 * Names. The C library resolves them itself: it reads /etc/hosts and asks, with UDP sockets,
 * the servers that /etc/resolv.conf lists, with the domains that it has for short names. So the
 * simplest sound way to make it use those of dns=, DHCP and router advertisements is to be that
 * file, and an /etc/hosts with localhost where the archive has none; /etc/ntp.conf likewise tells
 * the time servers of DHCP. They are file systems of one file, written anew at each opening, in
 * images that open files at all. Opening resolv.conf waits while a server may still become known;
 * it covers the archive's own only if the command line names a server or a way to learn one.
 *
 * lwIP's dns.c is not built; the functions that router advertisements call of it are here. The
 * servers of DHCP are in each card's lease.
 */
#include "lib/net/core.h"
#include "lib/net/words.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/fs/fs.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"
#include "lwip/dns.h"
#include "lwip/ip.h"

#define LINE_MAX (sizeof("nameserver \n") + IPADDR_STRLEN_MAX + sizeof("%255"))
#define TEXT_MAX (LINE_MAX * NET_MAX_SERVERS + sizeof("search \n") + NET_LEASE_SEARCH)

static ip_addr_t named[NET_MAX_SERVERS]; /* by dns= */
static unsigned nr_named;
static ip_addr_t learned[DNS_MAX_SERVERS]; /* by routers of IPv6; "any" where there is none */

void
net_resolv_add(const ip_addr_t *server)
{
    if (nr_named < NET_MAX_SERVERS)
        named[nr_named++] = *server;
}

const ip_addr_t *
net_resolv_server(unsigned n)
{
    if (n < nr_named)
        return &named[n];
    n -= nr_named;
    for (struct net_card *card = net_card_next(NULL); card; card = net_card_next(card)) {
        if (n < card->lease.nr_servers) {
            static ip_addr_t leased;

            ip_addr_copy_from_ip4(leased, card->lease.servers[n]);
            return &leased;
        }
        n -= card->lease.nr_servers;
    }
    for (unsigned i = 0; i < DNS_MAX_SERVERS; i++)
        if (!ip_addr_isany(&learned[i]) && n-- == 0)
            return &learned[i];
    return NULL;
}

/* ---- lwIP's side (lwip/dns.h) ---- */

void
dns_init(void)
{
}

void
dns_tmr(void)
{
}

/* `n` counts within one advertisement of a router. */
void
dns_setserver(u8_t n, const ip_addr_t *server)
{
    if (n >= DNS_MAX_SERVERS)
        return;
    if (server)
        ip_addr_copy(learned[n], *server);
    else
        ip_addr_set_zero(&learned[n]);
    net_config_notify();
}

/* A router asks, for the one that it takes back. */
const ip_addr_t *
dns_getserver(u8_t n)
{
    return n < DNS_MAX_SERVERS ? &learned[n] : IP_ADDR_ANY;
}

/* The domains of the first card that was told any. */
const char *
net_resolv_search(void)
{
    for (struct net_card *card = net_card_next(NULL); card; card = net_card_next(card))
        if (card->lease.search[0])
            return card->lease.search;
    return "";
}

const ip4_addr_t *
net_resolv_clock(unsigned n)
{
    for (struct net_card *card = net_card_next(NULL); card; card = net_card_next(card)) {
        if (n < card->lease.nr_clocks)
            return &card->lease.clocks[n];
        n -= card->lease.nr_clocks;
    }
    return NULL;
}

/* ---- the C library's side: what the files say ---- */

static size_t
write_servers(char *to, size_t size)
{
    const char *search = net_resolv_search();
    size_t len = 0;
    const ip_addr_t *server;

    if (*search)
        len += (size_t)ksnprintf(to, size, "search %s\n", search);

    for (unsigned i = 0; i < NET_MAX_SERVERS && (server = net_resolv_server(i)); i++) {
        char address[IPADDR_STRLEN_MAX];

        ipaddr_ntoa_r(server, address, sizeof(address));
        len += (size_t)ksnprintf(to + len, size - len, "nameserver %s", address);
        if (IP_IS_V6(server) && ip6_addr_has_zone(ip_2_ip6(server)))
            len += (size_t)ksnprintf(to + len, size - len, "%%%u",
                                     (unsigned)ip6_addr_zone(ip_2_ip6(server)));
        len += (size_t)ksnprintf(to + len, size - len, "\n");
    }
    return len;
}

/* One that could be asked now. */
static bool
is_server_reachable(void)
{
    const ip_addr_t *server = net_resolv_server(0);
    bool reachable;

    if (!server)
        return false;
    net_core_enter();
    reachable = ip_route(IP46_ADDR_ANY(IP_GET_TYPE(server)), server);
    net_core_leave();
    return reachable;
}

/* 0, also if none came; or -SYSCALL_RESTART. */
static int
wait_for_server(void)
{
    uint64_t deadline;
    int result = 0;

    while (result != -SYSCALL_RESTART && !is_server_reachable() &&
           (net_config_pending(false, &deadline) || net_config_pending(true, &deadline)))
        result = signal_wait_on(&net_config_changed, deadline);
    return result == -SYSCALL_RESTART ? result : 0;
}

/* The file that NTP clients read: a line for each server of DHCP. */
static size_t
write_clocks(char *to, size_t size)
{
    const ip4_addr_t *clock;
    size_t len = 0;

    for (unsigned i = 0; i < NET_LEASE_SERVERS && (clock = net_resolv_clock(i)); i++) {
        char address[IP4ADDR_STRLEN_MAX];

        ip4addr_ntoa_r(clock, address, sizeof(address));
        len += (size_t)ksnprintf(to + len, size - len, "server %s\n", address);
    }
    return len;
}

static int
wait_for_lease(void)
{
    uint64_t deadline;
    int result = 0;

    while (result != -SYSCALL_RESTART && net_config_pending(false, &deadline))
        result = signal_wait_on(&net_config_changed, deadline);
    return result == -SYSCALL_RESTART ? result : 0;
}

static size_t
write_hosts(char *to, size_t size)
{
    return (size_t)ksnprintf(to, size, "127.0.0.1 localhost\n::1 localhost\n");
}

/* ---- and how they are opened ---- */

/* A file system of one file. */
struct text_mount {
    struct fs_mount mount;                  /* first: that is what comes back */
    size_t (*write)(char *to, size_t size); /* bytes, fewer than TEXT_MAX */
    int (*wait)(void);                      /* before it is opened; NULL: for nothing */
};

struct text_file {
    struct file file;
    size_t len;
    char text[TEXT_MAX];
};

static long
text_pread(struct file *file, void *to, size_t len, uint64_t at)
{
    struct text_file *text = file->private;

    if (at >= text->len)
        return 0;
    len = MIN(len, text->len - (size_t)at);
    memcpy(to, text->text + at, len);
    return (long)len;
}

static void
fill_stat(struct file_stat *out, size_t len)
{
    memset(out, 0, sizeof(*out));
    out->mode = FS_S_IFREG | 0444;
    out->size = len;
    out->inode = 1;
    out->links = 1;
}

static int
text_fstat(struct file *file, struct file_stat *out)
{
    struct text_file *text = file->private;

    fill_stat(out, text->len);
    return 0;
}

static void
text_close(struct file *file)
{
    kfree(file->private);
}

static const struct file_ops text_ops = {
    .kind = "text",
    .pread = text_pread,
    .stat = text_fstat,
    .close = text_close,
};

static int
text_open(struct fs_mount *mount, const char *path, unsigned flags, struct file **out)
{
    const struct text_mount *source = (struct text_mount *)mount;
    struct text_file *text;

    if (*path)
        return -ENOTDIR;
    if ((flags & FILE_O_ACCMODE) != FILE_O_RDONLY)
        return -EROFS;
    int error = source->wait ? source->wait() : 0;
    if (error)
        return error;
    text = kmalloc(sizeof(*text));
    if (!text)
        return -ENOMEM;
    text->len = source->write(text->text, sizeof(text->text));
    text->file.ops = &text_ops;
    text->file.private = text;
    text->file.refs = 1;
    text->file.flags = flags;
    *out = &text->file;
    return 0;
}

static int
text_stat(struct fs_mount *mount, const char *path, struct file_stat *out)
{
    const struct text_mount *source = (struct text_mount *)mount;
    char text[TEXT_MAX];

    if (*path)
        return -ENOTDIR;
    fill_stat(out, source->write(text, sizeof(text)));
    return 0;
}

static const struct fs_type text_type = {.name = "text", .open = text_open, .stat = text_stat};
static struct text_mount servers_mount = {
    {.type = &text_type, .where = "/etc/resolv.conf"}, write_servers, wait_for_server};
static struct text_mount hosts_mount = {
    {.type = &text_type, .where = "/etc/hosts"}, write_hosts, NULL};
static struct text_mount clocks_mount = {
    {.type = &text_type, .where = "/etc/ntp.conf"}, write_clocks, wait_for_lease};

/* Weak: an image that opens no files has no file system, and is not given one by this. */
extern __typeof__(fs_mount) fs_mount __attribute__((weak));
extern __typeof__(fs_stat) fs_stat __attribute__((weak));

/* Where the archive has nothing of that name. */
static void
mount_if_free(struct text_mount *mount)
{
    struct file_stat there;

    if (fs_stat("/", mount->mount.where, true, &there) == -ENOENT)
        (void)fs_mount(&mount->mount); /* the place is free */
}

void
net_resolv_mount(bool asked)
{
    uint64_t deadline;
    bool leased = net_config_pending(false, &deadline);

    if (!fs_mount || !fs_stat)
        return;
    mount_if_free(&hosts_mount);
    if (leased)
        mount_if_free(&clocks_mount);
    if (!net_resolv_server(0) && !leased && !net_config_pending(true, &deadline))
        return;
    if (!asked)
        mount_if_free(&servers_mount);
    else if (fs_mount(&servers_mount.mount))
        log_warn("net: /etc/resolv.conf is taken; dns= and DHCP do not reach the resolver");
}
