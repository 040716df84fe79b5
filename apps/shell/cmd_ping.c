/*
 * ping: ICMP echo requests over a raw socket, once a second (RFC 792, RFC 4443). Whatever
 * arrives on the socket may come from anybody, so an answer has to carry our identifier, the
 * number of the request and the right length.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "shell.h"

#define PAYLOAD    56
#define IDENTIFIER 0x524c
#define WAIT_MS    1000

struct echo {
    uint8_t type, code;
    uint16_t checksum; /* network byte order, as all that follows */
    uint16_t identifier, sequence;
    uint8_t payload[PAYLOAD];
};

struct ping {
    int socket;
    bool six;
    struct sockaddr_storage to;
    socklen_t to_len;
    char name[INET6_ADDRSTRLEN];
    unsigned sent, received;
    int64_t least, most, sum; /* microseconds */
};

static int64_t
now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* RFC 1071 */
static uint16_t
checksum(const void *data, size_t len)
{
    const uint8_t *bytes = data;
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i += 2)
        sum += (uint32_t)bytes[i] << 8 | (i + 1 < len ? bytes[i + 1] : 0);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

static bool
find_host(struct ping *p, const char *host)
{
    struct addrinfo hints = {.ai_socktype = SOCK_RAW}, *found;
    int error = getaddrinfo(host, NULL, &hints, &found);

    if (error) {
        fprintf(stderr, "ping: %s: %s\n", host, gai_strerror(error));
        return false;
    }
    p->six = found->ai_family == AF_INET6;
    memcpy(&p->to, found->ai_addr, found->ai_addrlen);
    p->to_len = found->ai_addrlen;
    getnameinfo(found->ai_addr, found->ai_addrlen, p->name, sizeof(p->name), NULL, 0,
                NI_NUMERICHOST);
    freeaddrinfo(found);
    return true;
}

static bool
send_request(struct ping *p, uint16_t sequence)
{
    struct echo echo = {
        .type = p->six ? 128 : 8,
        .identifier = htons(IDENTIFIER),
        .sequence = htons(sequence),
    };

    for (unsigned i = 0; i < PAYLOAD; i++)
        echo.payload[i] = (uint8_t)i;
    if (!p->six) /* that of ICMPv6 covers addresses too: the stack fills it in */
        echo.checksum = checksum(&echo, sizeof(echo));
    p->sent++;
    if (sendto(p->socket, &echo, sizeof(echo), 0, (void *)&p->to, p->to_len) >= 0)
        return true;
    fprintf(stderr, "ping: %s: %s\n", p->name, strerror(errno));
    return false;
}

/* The ICMP part of what arrived; NULL if it is not the answer. IPv4 comes with its header. */
static bool
is_answer(const struct ping *p, const uint8_t *packet, size_t len, uint16_t sequence, int *ttl)
{
    struct echo echo;
    size_t header = p->six || len < 20 ? 0 : (packet[0] & 15u) * 4u;

    *ttl = header ? packet[8] : -1;
    if (len < header || len - header != sizeof(echo))
        return false;
    memcpy(&echo, packet + header, sizeof(echo));
    return echo.type == (p->six ? 129 : 0) && echo.identifier == htons(IDENTIFIER) &&
           echo.sequence == htons(sequence);
}

static void
note_answer(struct ping *p, uint16_t sequence, int ttl, int64_t us)
{
    p->least = p->received == 0 || us < p->least ? us : p->least;
    p->most = us > p->most ? us : p->most;
    p->sum += us;
    p->received++;
    printf("%zu bytes from %s: seq=%u", sizeof(struct echo), p->name, sequence);
    if (ttl >= 0)
        printf(" ttl=%d", ttl);
    printf(" time=%lld.%03d ms\n", (long long)(us / 1000), (int)(us % 1000));
    fflush(stdout);
}

static void
wait_answer(struct ping *p, uint16_t sequence, int64_t began)
{
    uint8_t packet[512];
    int64_t left;
    int ttl;

    while (!interrupted && (left = began + WAIT_MS * 1000 - now_us()) > 0) {
        struct pollfd input = {.fd = p->socket, .events = POLLIN};
        if (poll(&input, 1, (int)(left / 1000) + 1) <= 0)
            continue;
        ssize_t n = recv(p->socket, packet, sizeof(packet), 0);
        if (n > 0 && is_answer(p, packet, (size_t)n, sequence, &ttl)) {
            note_answer(p, sequence, ttl, now_us() - began);
            return;
        }
    }
}

static void
wait_turn(int64_t until)
{
    int64_t left = until - now_us();

    if (left > 0 && !interrupted)
        poll(NULL, 0, (int)(left / 1000));
}

static void
report(const struct ping *p)
{
    printf("%s: %u sent, %u received", p->name, p->sent, p->received);
    if (p->received > 0) {
        int64_t average = p->sum / p->received;
        printf(", least/average/most %lld.%03d/%lld.%03d/%lld.%03d ms",
               (long long)(p->least / 1000), (int)(p->least % 1000),
               (long long)(average / 1000), (int)(average % 1000), (long long)(p->most / 1000),
               (int)(p->most % 1000));
    }
    printf("\n");
}

int
cmd_ping(int argc, char **argv)
{
    struct ping p = {0};
    uint64_t count = 4;

    if (argc < 2 || argc > 3)
        return command_usage(argv[0]);
    if ((argc == 3 && !parse_count(argv[2], 65535, &count)) || !find_host(&p, argv[1]))
        return 2;
    p.socket = p.six ? socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)
                     : socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    if (p.socket < 0) {
        fprintf(stderr, "ping: no raw socket: %s\n", strerror(errno));
        return 2;
    }
    for (uint64_t i = 1; i <= count && !interrupted; i++) {
        int64_t began = now_us();
        if (send_request(&p, (uint16_t)i))
            wait_answer(&p, (uint16_t)i, began);
        if (i < count)
            wait_turn(began + WAIT_MS * 1000);
    }
    close(p.socket);
    report(&p);
    return p.received ? 0 : 1;
}
