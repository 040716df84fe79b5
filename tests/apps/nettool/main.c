/*
 * The network beyond loopback, for the system tests: each word is a step, done in turn, with
 * one line of result. Exits with the number of steps that failed.
 *
 *     resolve:NAME        addresses of a name, by the name servers that the guest knows
 *     ping:ADDRESS        one ICMP or ICMPv6 echo
 *     fetch:HOST:PORT     connect and read to the end: bytes and checksum
 *     ask:HOST:PORT       connect by UDP, send a byte, and say what comes until an error does
 *     push:HOST:PORT:N    connect and send N pattern bytes: their checksum
 *     sleep:SECONDS       let time pass
 *     small-stack:BYTES   until a line is typed, sleep in a thread with so much of a stack; then
 *                         whether what lies below the stack is as it was
 *     status              what lib/net/net.h shows
 *     resolv, ntp         what /etc/resolv.conf and /etc/ntp.conf say
 *     stream:ADDRESS:PORT, closed:..., datagram:...
 *                         what sockets do that are used while there is no address yet (waiting.c)
 *     lease               wait until the first card has an address of IPv4
 *     line                wait until a line is typed
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "lib/net/net.h"
#include "nettool.h"

static unsigned char buffer[65536];

/* Adler-32: simple, and Python's zlib has it as well. */
static uint32_t
checksum(uint32_t sum, const unsigned char *data, size_t len)
{
    uint32_t a = sum & 0xffff, b = sum >> 16;

    for (size_t i = 0; i < len; i++) {
        a = (a + data[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static const char *
show(const struct net_address *address)
{
    static char text[INET6_ADDRSTRLEN];

    return inet_ntop(address->family, address->bytes, text, sizeof(text)) ? text : "none";
}

static struct addrinfo *
look_up(const char *host, const char *port, int type)
{
    struct addrinfo hints = {.ai_socktype = type}, *found;
    int error = getaddrinfo(host, port, &hints, &found);

    if (!error)
        return found;
    printf("FAIL %s: %s\n", host, gai_strerror(error));
    return NULL;
}

static int
resolve(const char *name)
{
    struct addrinfo *found = look_up(name, NULL, SOCK_STREAM);
    char text[INET6_ADDRSTRLEN];

    if (!found)
        return 1;
    for (struct addrinfo *it = found; it; it = it->ai_next)
        if (!getnameinfo(it->ai_addr, it->ai_addrlen, text, sizeof(text), NULL, 0,
                         NI_NUMERICHOST))
            printf("ok resolve %s: %s\n", name, text);
    freeaddrinfo(found);
    return 0;
}

static int
ping(const char *host)
{
    struct addrinfo *found = look_up(host, NULL, SOCK_DGRAM);
    struct timeval patience = {.tv_sec = 3};
    unsigned char echo[12] = {0}, answer[256];
    bool six = found && found->ai_family == AF_INET6;
    size_t header = six ? 0 : 20; /* IPv4's comes along */
    int fd;

    if (!found)
        return 1;
    fd = socket(found->ai_family, SOCK_RAW, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    echo[0] = six ? 128 : 8;
    if (!six) /* type 8 and nothing else: the sum is its complement */
        echo[2] = 0xf7, echo[3] = 0xff;
    if (sendto(fd, echo, sizeof(echo), 0, found->ai_addr, found->ai_addrlen) < 0)
        printf("FAIL ping %s: %s\n", host, strerror(errno));
    freeaddrinfo(found);
    for (int i = 0; i < 16; i++) {
        ssize_t n = recv(fd, answer, sizeof(answer), 0);

        if (n < 0)
            break;
        if ((size_t)n >= header + sizeof(echo) && answer[header] == (six ? 129 : 0)) {
            printf("ok ping %s\n", host);
            close(fd);
            return 0;
        }
    }
    printf("FAIL ping %s: no answer\n", host);
    close(fd);
    return 1;
}

/* "HOST:PORT..." where the host may be "[v6]"; *rest is what follows the port. */
static int
open_to(int type, char *text, char **rest)
{
    char *host = text, *port;
    struct addrinfo *found;
    int fd;

    if (*text == '[') {
        host++;
        text = strchr(text, ']');
        if (!text)
            return -1;
        *text++ = '\0';
    }
    port = strchr(text, ':');
    if (!port)
        return -1;
    *port++ = '\0';
    *rest = strchr(port, ':');
    if (*rest)
        *(*rest)++ = '\0';
    found = look_up(host, port, type);
    if (!found)
        return -1;
    fd = socket(found->ai_family, type, 0);
    if (connect(fd, found->ai_addr, found->ai_addrlen) < 0) {
        printf("FAIL connect %s: %s\n", host, strerror(errno));
        close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    return fd;
}

static int
ask(char *where)
{
    struct timeval patience = {.tv_sec = 30};
    char *rest;
    int fd = open_to(SOCK_DGRAM, where, &rest);

    if (fd < 0)
        return 1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ssize_t n = send(fd, "?", 1, 0);
    while (n >= 0) {
        n = recv(fd, buffer, sizeof(buffer), 0);
        printf("ok ask: %s\n", n < 0 ? strerror(errno) : "an answer");
    }
    close(fd);
    return 0;
}

static int
fetch(char *where)
{
    uint32_t sum = 1;
    size_t total = 0;
    char *rest;
    ssize_t n;
    int fd = open_to(SOCK_STREAM, where, &rest);

    if (fd < 0)
        return 1;
    while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
        sum = checksum(sum, buffer, (size_t)n);
        total += (size_t)n;
    }
    if (n < 0)
        printf("FAIL fetch after %zu bytes: %s\n", total, strerror(errno));
    else
        printf("ok fetch %zu %08x\n", total, sum);
    close(fd);
    return n < 0;
}

static int
push(char *where)
{
    uint32_t sum = 1, state = 1;
    size_t total, left;
    char *rest;
    int fd = open_to(SOCK_STREAM, where, &rest);

    if (fd < 0 || !rest)
        return 1;
    total = left = strtoul(rest, NULL, 0);
    while (left) {
        size_t len = left < sizeof(buffer) ? left : sizeof(buffer);
        ssize_t n;

        for (size_t i = 0; i < len; i++)
            buffer[i] = (unsigned char)((state = state * 1664525 + 1013904223) >> 24);
        sum = checksum(sum, buffer, len);
        for (size_t at = 0; at < len; at += (size_t)n) {
            n = send(fd, buffer + at, len - at, 0);
            if (n <= 0) {
                printf("FAIL push with %zu bytes left: %s\n", left, strerror(errno));
                close(fd);
                return 1;
            }
        }
        left -= len;
    }
    printf("ok push %zu %08x\n", total, sum);
    close(fd);
    return 0;
}

static int
status(void)
{
    struct net_address servers[NET_SERVERS_MAX], clock;
    struct net_interface card;
    struct net_route_info route;

    for (unsigned i = 0; net_interface_get(i, &card); i++) {
        printf("%s: mtu %u up %d link %d ip %s/%u\n", card.name, card.mtu, card.up,
               card.link_up, show(&card.ip4), card.prefix4);
        printf("%s: gateway %s\n", card.name, show(&card.gateway));
        for (unsigned n = 0; net_route_get(i, n, &route); n++) {
            printf("%s: route %s/%u", card.name, show(&route.to), route.prefix);
            printf(" %s\n", show(&route.router));
        }
        for (unsigned n = 0; n < card.nr_ip6; n++)
            printf("%s: ip6 %s\n", card.name, show(&card.ip6[n]));
        printf("%s: rx %llu dropped %llu bad %llu, tx %llu dropped %llu put off %llu\n",
               card.name, (unsigned long long)card.rx_frames,
               (unsigned long long)card.rx_dropped, (unsigned long long)card.rx_bad,
               (unsigned long long)card.tx_frames, (unsigned long long)card.tx_dropped,
               (unsigned long long)card.tx_put_off);
    }
    for (unsigned i = 0, n = net_servers_get(servers); i < n; i++)
        printf("server %s\n", show(&servers[i]));
    printf("search %s\n", net_search_get());
    for (unsigned i = 0; net_clock_get(i, &clock); i++)
        printf("clock %s\n", show(&clock));
    return 0;
}

static int
show_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char text[300];

    if (!file)
        return printf("FAIL %s: %s\n", path, strerror(errno)), 1;
    while (fgets(text, sizeof(text), file))
        printf("%s: %s", path, text);
    fclose(file);
    return 0;
}

static int
wait_for_lease(void)
{
    struct net_interface card;

    while (net_interface_get(0, &card) && !card.ip4.family)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return 0;
}

static int
wait_for_line(void)
{
    puts("type a line");
    return getchar() == EOF;
}

/* Packets that come meanwhile are served while this thread is the one that waits. */
static void *
nap(void *typed)
{
    while (!*(volatile bool *)typed)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return NULL;
}

static int
small_stack(size_t size)
{
    static char room[4 * 8192] __attribute__((aligned(16)));
    static bool typed;
    size_t below = sizeof(room) / 2;
    pthread_attr_t attributes;
    pthread_t thread;

    memset(room, 0x5a, below);
    pthread_attr_init(&attributes);
    if (size > below || pthread_attr_setstack(&attributes, room + below, size) ||
        pthread_create(&thread, &attributes, nap, &typed))
        return printf("FAIL small-stack: no thread on %zu bytes\n", size), 1;
    puts("type a line");
    getchar();
    typed = true;
    pthread_join(thread, NULL);
    for (size_t i = 0; i < below; i++)
        if (room[i] != 0x5a)
            return printf("FAIL small-stack: %zu bytes below it were used\n", below - i), 1;
    puts("ok small-stack");
    return 0;
}

static int
step(char *word)
{
    char *argument = strchr(word, ':');

    if (argument)
        *argument++ = '\0';
    if (strcmp(word, "status") == 0)
        return status();
    if (strcmp(word, "resolv") == 0)
        return show_file("/etc/resolv.conf");
    if (strcmp(word, "ntp") == 0)
        return show_file("/etc/ntp.conf");
    if (strcmp(word, "lease") == 0)
        return wait_for_lease();
    if (strcmp(word, "line") == 0)
        return wait_for_line();
    if (!argument)
        return printf("FAIL %s: unknown step\n", word), 1;
    if (strcmp(word, "resolve") == 0)
        return resolve(argument);
    if (strcmp(word, "ping") == 0)
        return ping(argument);
    if (strcmp(word, "ask") == 0)
        return ask(argument);
    if (strcmp(word, "fetch") == 0)
        return fetch(argument);
    if (strcmp(word, "push") == 0)
        return push(argument);
    if (strcmp(word, "stream") == 0)
        return waiting_stream(argument);
    if (strcmp(word, "closed") == 0)
        return waiting_closed(argument);
    if (strcmp(word, "datagram") == 0)
        return waiting_datagram(argument);
    if (strcmp(word, "small-stack") == 0)
        return small_stack((size_t)atoi(argument));
    if (strcmp(word, "sleep") == 0)
        return sleep((unsigned)atoi(argument)), 0;
    return printf("FAIL %s: unknown step\n", word), 1;
}

int
main(int argc, char **argv)
{
    int failures = 0;

    for (int i = 1; i < argc; i++)
        failures += step(argv[i]);
    return failures;
}
