/*
 * ICMP round trips a second: pings ADDRESS SECONDS IN_FLIGHT. Prints how many came back in a
 * second, and how many were lost.
 */
#include <arpa/inet.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define ID        0x5249
#define IP_HEADER 20
#define LENGTH    56

static double
now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void
ping(int socket, uint16_t sequence)
{
    union {
        struct icmphdr header;
        uint16_t words[LENGTH / 2];
    } packet;
    memset(&packet, 0, sizeof(packet));
    packet.header.type = ICMP_ECHO;
    packet.header.un.echo.id = ID;
    packet.header.un.echo.sequence = sequence;
    uint32_t sum = 0;
    for (unsigned i = 0; i < LENGTH / 2; i++)
        sum += packet.words[i];
    sum = (sum & 0xffff) + (sum >> 16);
    packet.header.checksum = ~(sum + (sum >> 16));
    send(socket, &packet, sizeof(packet), 0);
}

static int
is_answer(int socket)
{
    struct {
        char ip[IP_HEADER];
        struct icmphdr header;
        char rest[LENGTH];
    } packet;
    ssize_t n = recv(socket, &packet, sizeof(packet), 0);
    return n < 0 ? -1 : packet.header.type == ICMP_ECHOREPLY && packet.header.un.echo.id == ID;
}

int
main(int argc, char **argv)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    if (argc != 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
        return 2;
    double seconds = atof(argv[2]);
    int in_flight = atoi(argv[3]);
    int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    struct timeval patience = {.tv_sec = 1};
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0) {
        perror("pings");
        return 1;
    }
    unsigned answers = 0, lost = 0;
    uint16_t sequence = 0;
    double start = now();
    for (int i = 0; i < in_flight; i++)
        ping(fd, sequence++);
    while (now() - start < seconds) {
        int answer = is_answer(fd);
        if (answer == 0)
            continue;
        if (answer > 0)
            answers++;
        else
            lost++;
        ping(fd, sequence++);
    }
    printf("%.0f %u\n", answers / (now() - start), lost);
    return 0;
}
