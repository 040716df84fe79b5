/* A server and its client over the loopback interface, in two threads, with poll, select and epoll. */
#define _GNU_SOURCE
#include "check.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in address;

static void *
client(void *arg)
{
    int s = socket(AF_INET, SOCK_STREAM, 0);
    char text[64] = "";

    (void)arg;
    CHECK(s >= 0 && connect(s, (struct sockaddr *)&address, sizeof(address)) == 0);
    CHECK(send(s, "question", 8, 0) == 8);
    CHECK(recv(s, text, sizeof(text), 0) == 6 && memcmp(text, "answer", 6) == 0);
    CHECK(shutdown(s, SHUT_WR) == 0 && recv(s, text, sizeof(text), 0) == 0);
    close(s);
    return NULL;
}

int
main(void)
{
    socklen_t size = sizeof(address);
    pthread_t thread;
    char text[64] = "";
    int one = 1, value = 0;

    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(s, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(s, 5) == 0);
    CHECK(getsockname(s, (struct sockaddr *)&address, &size) == 0 && address.sin_port != 0);
    CHECK(pthread_create(&thread, NULL, client, NULL) == 0);

    struct pollfd p = {s, POLLIN, 0};
    CHECK(poll(&p, 1, 5000) == 1);
    int c = accept4(s, NULL, NULL, SOCK_NONBLOCK);
    CHECK(c >= 0);
    int e = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 77}, got;
    CHECK(epoll_ctl(e, EPOLL_CTL_ADD, c, &event) == 0);
    CHECK(epoll_wait(e, &got, 1, 5000) == 1 && got.data.u64 == 77);
    CHECK(recv(c, text, sizeof(text), 0) == 8 && memcmp(text, "question", 8) == 0);
    CHECK(recv(c, text, sizeof(text), 0) == -1 && errno == EAGAIN);
    CHECK(send(c, "answer", 6, 0) == 6);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(c, &set);
    CHECK(select(c + 1, &set, NULL, NULL, NULL) == 1 && recv(c, text, sizeof(text), 0) == 0);
    size = sizeof(value);
    CHECK(getsockopt(c, SOL_SOCKET, SO_TYPE, &value, &size) == 0 && value == SOCK_STREAM);
    close(c);
    pthread_join(thread, NULL);

    int u = socket(AF_INET, SOCK_DGRAM, 0), v = socket(AF_INET, SOCK_DGRAM, 0);
    address.sin_port = 0;
    size = sizeof(address);
    CHECK(bind(u, (struct sockaddr *)&address, size) == 0 &&
          getsockname(u, (struct sockaddr *)&address, &size) == 0);
    CHECK(sendto(v, "datagram", 8, 0, (struct sockaddr *)&address, size) == 8);
    struct iovec part = {text, sizeof(text)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    CHECK(recvmsg(u, &message, 0) == 8 && memcmp(text, "datagram", 8) == 0);
    return done(0);
}
