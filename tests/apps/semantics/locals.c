/* Sockets of AF_UNIX inside one program: pairs, names, connections, and what goes beside bytes. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
#include "show.h"

#define PATH_START offsetof(struct sockaddr_un, sun_path)

static int pair[2];
static char data[70000];
static struct sockaddr_un address;
static socklen_t size;

static int
ready(int fd)
{
    struct pollfd entry = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};

    poll(&entry, 1, 0);
    return entry.revents;
}

/* The address of a name; '@' in front stands for a NUL. Its length is in `size`. */
static struct sockaddr *
at(const char *name)
{
    memset(&address, 0, sizeof(address));
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, name, strlen(name));
    size = PATH_START + strlen(name) + (*name != '@');
    if (*name == '@')
        address.sun_path[0] = '\0';
    return (struct sockaddr *)&address;
}

static int
bind_to(int fd, const char *name)
{
    const struct sockaddr *a = at(name);

    return bind(fd, a, size);
}

static int
connect_to(int fd, const char *name)
{
    const struct sockaddr *a = at(name);

    return connect(fd, a, size);
}

static long
send_to(int fd, const char *text, const char *name)
{
    const struct sockaddr *a = at(name);

    return sendto(fd, text, strlen(text), 0, a, size);
}

static int
number(int fd, int option)
{
    int value = -77;
    socklen_t len = sizeof(value);

    return getsockopt(fd, SOL_SOCKET, option, &value, &len) < 0 ? -1 : value;
}

static void
name_of(int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
    size = sizeof(address);
    memset(&address, '!', sizeof(address));
    SHOW(get(fd, (struct sockaddr *)&address, &size));
    SHOW(size);
    SHOW(address.sun_family);
    if (size > PATH_START)
        SHOW_TEXT(address.sun_path + (address.sun_path[0] == '\0'));
}

static void
made(void)
{
    int fd;

    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 77, pair));
    SHOW(socketpair(AF_UNIX, 77, 0, pair));
    SHOW(socketpair(AF_UNIX, SOCK_RDM, 0, pair));
    SHOW(socketpair(77, SOCK_STREAM, 0, pair));
    SHOW(socketpair(AF_INET, SOCK_STREAM, 0, pair));
    SHOW(socket(AF_UNIX, SOCK_STREAM, 77));
    SHOW(socket(AF_UNIX, SOCK_STREAM | 0x100, 0));
    SHOW(fd = socket(AF_UNIX, SOCK_RAW, 0));
    SHOW(number(fd, SO_TYPE));
    SHOW(close(fd));
    SHOW(fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 1));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
    SHOW(ready(fd));
    SHOW(read(fd, data, 1));
    SHOW(write(fd, data, 1));
    SHOW(send_to(fd, "x", "@x"));
    SHOW(listen(fd, 1));
    SHOW(accept(fd, NULL, NULL));
    SHOW(shutdown(fd, 7));
    SHOW(shutdown(fd, SHUT_RDWR));
    SHOW(ready(fd));
    name_of(fd, getsockname);
    SHOW(getpeername(fd, (struct sockaddr *)&address, &size));
    SHOW(close(fd));
    SHOW(fd = socket(AF_UNIX, SOCK_DGRAM, 0));
    SHOW(ready(fd));
    SHOW(listen(fd, 1));
    SHOW(accept(fd, NULL, NULL));
    SHOW(write(fd, data, 1));
    SHOW(close(fd));
    SHOW(fd = socket(AF_UNIX, SOCK_SEQPACKET, 0));
    SHOW(ready(fd));
    SHOW(read(fd, data, 1));
    SHOW(write(fd, data, 1));
    SHOW(close(fd));
}

static void
streams_of_a_pair(void)
{
    struct iovec parts[2] = {{data, 3}, {data + 10, 3}};
    struct ucred who;
    struct stat st;
    int waiting = -1;

    SHOW(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
    SHOW(pair[0]);
    SHOW(pair[1]);
    SHOW(fcntl(pair[1], F_GETFD));
    SHOW(fstat(pair[0], &st));
    SHOW_TRUTH(S_ISSOCK(st.st_mode));
    SHOW(lseek(pair[0], 0, SEEK_SET));
    SHOW(pread(pair[0], data, 1, 0));
    SHOW(isatty(pair[0]));
    name_of(pair[0], getsockname);
    name_of(pair[0], getpeername);
    SHOW(number(pair[0], SO_TYPE));
    SHOW(number(pair[0], SO_DOMAIN));
    SHOW(number(pair[0], SO_PROTOCOL));
    SHOW(number(pair[0], SO_ACCEPTCONN));
    SHOW(number(pair[0], SO_ERROR));
    SHOW(number(pair[0], 12345));
    SHOW(setsockopt(pair[0], SOL_SOCKET, 12345, &waiting, sizeof(waiting)));
    SHOW(setsockopt(pair[0], 6, 1, &waiting, sizeof(waiting)));
    size = sizeof(who);
    SHOW(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &who, &size));
    SHOW_TRUTH(who.pid == getpid() && who.uid == getuid() && who.gid == getgid());
    SHOW(ready(pair[0]));
    SHOW(write(pair[0], "hello", 5));
    SHOW(write(pair[0], " there", 6));
    SHOW(write(pair[0], "", 0));
    SHOW(ready(pair[1]));
    SHOW(ioctl(pair[1], FIONREAD, &waiting));
    SHOW(waiting);
    memset(data, 0, 100);
    SHOW(recv(pair[1], data, 7, MSG_PEEK));
    SHOW_TEXT(data);
    SHOW(recv(pair[1], data, 3, MSG_DONTWAIT));
    SHOW(readv(pair[1], parts, 2));
    memset(data, 0, 100);
    SHOW(read(pair[1], data, 100)); /* over the borders of what was sent */
    SHOW_TEXT(data);
    SHOW(recv(pair[1], data, 100, MSG_DONTWAIT));
    SHOW(send(pair[0], data, 1, MSG_OOB | MSG_DONTWAIT) == 1 || errno == EOPNOTSUPP);
    recv(pair[1], data, 1, MSG_DONTWAIT | MSG_OOB);
    SHOW(send_to(pair[0], "x", "@nobody"));
    SHOW(connect_to(pair[0], "@nobody"));
    SHOW(listen(pair[0], 1));
    SHOW(close(pair[0]));
    SHOW(close(pair[1]));
}

static void
ends_of_a_pair(void)
{
    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    SHOW(write(pair[0], "abc", 3));
    SHOW(shutdown(pair[0], SHUT_WR));
    SHOW(write(pair[0], "abc", 3));
    SHOW(ready(pair[0]));
    SHOW(ready(pair[1]));
    SHOW(read(pair[1], data, 100));
    SHOW(read(pair[1], data, 100));
    SHOW(write(pair[1], "back", 4));
    SHOW(read(pair[0], data, 100));
    SHOW(shutdown(pair[0], SHUT_RD));
    SHOW(read(pair[0], data, 100));
    SHOW(write(pair[1], "back", 4));
    SHOW(ready(pair[0]));
    SHOW(ready(pair[1]));
    SHOW(close(pair[0]));
    SHOW(close(pair[1]));

    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    SHOW(write(pair[0], "abc", 3));
    SHOW(close(pair[0]));
    SHOW(ready(pair[1]));
    SHOW(send(pair[1], "x", 1, MSG_NOSIGNAL));
    SHOW(read(pair[1], data, 2));
    SHOW(read(pair[1], data, 2));
    SHOW(read(pair[1], data, 2));
    name_of(pair[1], getpeername);
    SHOW(close(pair[1]));

    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    SHOW(write(pair[0], "abc", 3));
    SHOW(close(pair[1])); /* with something that was not read */
    SHOW(ready(pair[0]));
    SHOW(read(pair[0], data, 2));
    SHOW(read(pair[0], data, 2));
    SHOW(ready(pair[0]));
    SHOW(write(pair[0], data, 2));
    SHOW(close(pair[0]));

    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    SHOW(write(pair[0], "abc", 3));
    SHOW(close(pair[1]));
    SHOW(number(pair[0], SO_ERROR) == ECONNRESET);
    SHOW(number(pair[0], SO_ERROR));
    SHOW(read(pair[0], data, 2));
    SHOW(close(pair[0]));
}

static void
not_waiting(void)
{
    struct timeval little = {0, 10000};
    long sum = 0, n;

    SHOW(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair));
    SHOW(read(pair[0], data, 1));
    while ((n = write(pair[0], data, 5000)) > 0)
        sum += n;
    SHOW(n);
    SHOW_TRUTH(sum > 60000);
    SHOW(write(pair[0], data, sizeof(data)));
    SHOW(ready(pair[0]));
    while ((n = read(pair[1], data, sizeof(data))) > 0)
        sum -= n;
    SHOW(n);
    SHOW(sum);
    SHOW(ready(pair[0]));
    SHOW(fcntl(pair[0], F_SETFL, 0));
    SHOW(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &little, sizeof(little)));
    SHOW(read(pair[0], data, 1));
    SHOW(close(pair[0]));
    SHOW(close(pair[1]));
}

static void *
write_much(void *result)
{
    long sum = 0, n;

    for (int i = 0; i < 20 && (n = write(pair[0], data, sizeof(data))) > 0; i++)
        sum += n;
    *(long *)result = sum;
    shutdown(pair[0], SHUT_WR);
    return NULL;
}

static void *
write_later(void *unused)
{
    usleep(10000);
    write(pair[0], "abc", 3);
    usleep(10000);
    write(pair[0], "def", 3);
    return unused;
}

static void
waiting(void)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
    long written = 0, total = 0, n;
    pthread_t thread;
    int epoll;

    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    SHOW_CODE(pthread_create(&thread, NULL, write_much, &written));
    while ((n = read(pair[1], data + 100, 3000)) > 0)
        total += n;
    SHOW_CODE(pthread_join(thread, NULL));
    SHOW(written);
    SHOW(total);
    SHOW(close(pair[0]));
    SHOW(close(pair[1]));
    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    SHOW_CODE(pthread_create(&thread, NULL, write_later, NULL));
    SHOW(recv(pair[1], data, 6, MSG_WAITALL));
    SHOW_CODE(pthread_join(thread, NULL));
    SHOW(epoll = epoll_create1(0));
    SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[1], &event));
    SHOW(epoll_wait(epoll, &event, 1, 0));
    SHOW_CODE(pthread_create(&thread, NULL, write_later, NULL));
    SHOW(epoll_wait(epoll, &event, 1, 1000));
    SHOW(event.events);
    SHOW_CODE(pthread_join(thread, NULL));
    SHOW(read(pair[1], data, 100));
    SHOW(epoll_wait(epoll, &event, 1, 0));
    SHOW(close(pair[0]));
    SHOW(epoll_wait(epoll, &event, 1, 0));
    SHOW(event.events);
    SHOW(close(epoll));
    SHOW(close(pair[1]));
}

static void
messages(int type)
{
    struct iovec part = {data, 2};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    int waiting = 0, count = 0;

    SHOW(socketpair(AF_UNIX, type, 0, pair));
    SHOW(write(pair[0], "abcde", 5));
    SHOW(write(pair[0], "", 0));
    SHOW(send(pair[0], "", 0, 0));
    SHOW(write(pair[0], "fg", 2));
    SHOW(ready(pair[1]));
    SHOW(ioctl(pair[1], FIONREAD, &waiting));
    SHOW(waiting);
    SHOW(recv(pair[1], data, 3, MSG_PEEK));
    SHOW(recv(pair[1], data, 3, MSG_PEEK | MSG_TRUNC));
    SHOW(recvmsg(pair[1], &header, 0));
    SHOW(header.msg_flags & ~MSG_EOR);
    SHOW(read(pair[1], data, 100));
    SHOW(read(pair[1], data, 100));
    SHOW(read(pair[1], data, 100));
    SHOW(recv(pair[1], data, 100, MSG_DONTWAIT));
    SHOW(send(pair[0], data, 300000, 0));
    SHOW(send(pair[0], data, 60000, 0));
    SHOW(recv(pair[1], data, sizeof(data), 0));
    while (send(pair[0], data, 1000, MSG_DONTWAIT) == 1000)
        count++;
    SHOW_TRUTH(errno == EAGAIN);
    SHOW_TRUTH(count > 10);
    SHOW(ready(pair[0]) & POLLOUT);
    SHOW(shutdown(pair[0], SHUT_WR));
    SHOW(write(pair[0], "x", 1));
    while (count-- > 0)
        recv(pair[1], data, 2000, MSG_DONTWAIT);
    SHOW(recv(pair[1], data, 2000, MSG_DONTWAIT));
    SHOW(close(pair[0]));
    SHOW(ready(pair[1]));
    SHOW(write(pair[1], "x", 1));
    SHOW(write(pair[1], "x", 1));
    SHOW(close(pair[1]));
}

static void
abstract_names(void)
{
    int fd, other, third;

    SHOW(fd = socket(AF_UNIX, SOCK_STREAM, 0));
    at("@name");
    SHOW(bind(fd, (struct sockaddr *)&address, 1));
    SHOW(bind(fd, (struct sockaddr *)&address, 200));
    address.sun_family = AF_INET;
    SHOW(bind(fd, (struct sockaddr *)&address, size));
    SHOW(bind_to(fd, "@name"));
    SHOW(bind_to(fd, "@other"));
    name_of(fd, getsockname);
    size = 4;
    SHOW(getsockname(fd, (struct sockaddr *)&address, &size));
    SHOW(size);
    SHOW(other = socket(AF_UNIX, SOCK_STREAM, 0));
    SHOW(bind_to(other, "@name"));
    SHOW(connect_to(other, "@nam"));
    SHOW(connect_to(other, "@name")); /* which does not listen */
    SHOW(listen(fd, 1));
    SHOW(ready(fd));
    SHOW(number(fd, SO_ACCEPTCONN));
    SHOW(read(fd, data, 1));
    SHOW(write(fd, data, 1));
    SHOW(connect_to(fd, "@name"));
    SHOW(connect_to(other, "@name"));
    SHOW(connect_to(other, "@name"));
    SHOW(write(other, "early", 5));
    SHOW(ready(fd));
    size = sizeof(address);
    SHOW(third = accept(fd, (struct sockaddr *)&address, &size));
    SHOW(size);
    name_of(third, getsockname);
    name_of(third, getpeername);
    name_of(other, getpeername);
    SHOW(read(third, data, 100));
    SHOW(close(other));
    SHOW(read(third, data, 100));
    SHOW(close(third));

    /* Two wait to be accepted, the third finds no room. */
    SHOW(other = socket(AF_UNIX, SOCK_STREAM, 0));
    SHOW(connect_to(other, "@name"));
    SHOW(third = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
    SHOW(connect_to(third, "@name"));
    SHOW(pair[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
    SHOW(connect_to(pair[0], "@name"));
    SHOW(pair[1] = accept(fd, NULL, NULL));
    SHOW(connect_to(pair[0], "@name"));
    SHOW(close(fd));
    SHOW(ready(third));
    SHOW(read(third, data, 1));
    SHOW(read(third, data, 1));
    SHOW(ready(other));
    SHOW(close(third));
    SHOW(close(other));
    SHOW(close(pair[0]));
    SHOW(close(pair[1]));
    SHOW(fd = socket(AF_UNIX, SOCK_STREAM, 0));
    SHOW(connect_to(fd, "@name"));
    SHOW(bind_to(fd, "@name")); /* free again */
    SHOW(close(fd));
    SHOW(fd = socket(AF_UNIX, SOCK_STREAM, 0));
    at("@");
    SHOW(bind(fd, (struct sockaddr *)&address, PATH_START)); /* choose one */
    size = sizeof(address);
    SHOW(getsockname(fd, (struct sockaddr *)&address, &size));
    SHOW(size);
    SHOW(address.sun_path[0]);
    SHOW(listen(fd, 0));
    SHOW(fcntl(fd, F_SETFL, O_NONBLOCK));
    SHOW(accept(fd, NULL, NULL));
    SHOW(close(fd));
}

static void
datagrams_by_name(void)
{
    int fd, other, third;

    SHOW(fd = socket(AF_UNIX, SOCK_DGRAM, 0));
    SHOW(other = socket(AF_UNIX, SOCK_DGRAM, 0));
    SHOW(bind_to(fd, "@gram"));
    SHOW(bind_to(other, "@gram2"));
    SHOW(third = socket(AF_UNIX, SOCK_STREAM, 0));
    SHOW(connect_to(third, "@gram"));
    SHOW(close(third));
    SHOW(send_to(other, "one", "@gram"));
    SHOW(send_to(other, "two", "@nobody"));
    size = sizeof(address);
    memset(&address, 0, sizeof(address));
    SHOW(recvfrom(fd, data, 100, 0, (struct sockaddr *)&address, &size));
    SHOW(size);
    SHOW_TEXT(address.sun_path + 1);
    SHOW(write(other, "x", 1));
    SHOW(connect_to(other, "@gram"));
    SHOW(write(other, "x", 1));
    SHOW(send_to(other, "y", "@gram"));
    name_of(other, getpeername);
    SHOW(third = socket(AF_UNIX, SOCK_DGRAM, 0));
    SHOW(send_to(third, "z", "@gram2")); /* it hears @gram alone */
    SHOW(send_to(third, "z", "@gram"));
    SHOW(read(fd, data, 100));
    SHOW(read(fd, data, 100));
    size = sizeof(address);
    SHOW(recvfrom(fd, data, 100, 0, (struct sockaddr *)&address, &size));
    SHOW(size); /* a sender without a name */
    SHOW(close(third));
    SHOW(close(fd));
    SHOW(ready(other));
    SHOW(write(other, "x", 1));
    SHOW(write(other, "x", 1));
    SHOW(close(other));
}

static void
paths_as_names(const char *folder)
{
    char name[100];
    struct stat st;
    int fd, other;

    strcat(strcpy(name, folder), "/socket");
    SHOW(fd = socket(AF_UNIX, SOCK_STREAM, 0));
    SHOW(other = socket(AF_UNIX, SOCK_STREAM, 0));
    SHOW(connect_to(other, "/nothere/socket"));
    SHOW(connect_to(other, "/dir/a.txt"));
    SHOW(bind_to(fd, "/nothere/socket"));
    SHOW(bind_to(fd, "/dir/a.txt"));
    SHOW(bind_to(fd, name));
    SHOW(stat(name, &st));
    SHOW_TRUTH(S_ISSOCK(st.st_mode));
    SHOW(open(name, O_RDWR));
    SHOW(bind_to(other, name));
    SHOW(connect_to(other, name));
    SHOW(listen(fd, 5));
    SHOW(connect_to(other, name));
    SHOW(write(other, "x", 1));
    SHOW(close(accept(fd, NULL, NULL)));
    SHOW(close(other));
    SHOW(close(fd));
    SHOW(other = socket(AF_UNIX, SOCK_STREAM, 0));
    SHOW(connect_to(other, name)); /* of nobody any more */
    SHOW(bind_to(other, name));
    SHOW(unlink(name));
    SHOW(bind_to(other, name));
    SHOW(unlink(name));
    SHOW(connect_to(other, name));
    SHOW(close(other));
}

/* ---- beside the bytes ---- */

static union {
    char bytes[300];
    struct cmsghdr head;
} control;

static long
pass(int fd, const int *given, int count)
{
    struct iovec part = {"p", 1};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = CMSG_SPACE(count * sizeof(int))};

    memset(&control, 0, sizeof(control));
    control.head.cmsg_level = SOL_SOCKET;
    control.head.cmsg_type = SCM_RIGHTS;
    control.head.cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(&control.head), given, count * sizeof(int));
    return sendmsg(fd, &header, 0);
}

static int got[4], nr_got, got_flags;

static long
take(int fd, int flags, int room)
{
    struct iovec part = {data, 10};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = CMSG_SPACE(room * sizeof(int))};
    long n;

    memset(&control, 0, sizeof(control));
    n = recvmsg(fd, &header, flags);
    nr_got = 0;
    got_flags = header.msg_flags & ~MSG_CMSG_CLOEXEC;
    if (n < 0 || !CMSG_FIRSTHDR(&header))
        return n;
    nr_got = (control.head.cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(got, CMSG_DATA(&control.head), nr_got * sizeof(int));
    return n;
}

static void
passing(int type)
{
    struct ucred who;
    int ends[2], on = 1;

    SHOW(socketpair(AF_UNIX, type, 0, pair));
    SHOW(pipe(ends));
    SHOW(pass(pair[0], (int[]){99}, 1));
    SHOW(pass(pair[0], ends, 2));
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
    SHOW(write(pair[0], "more", 4));
    SHOW(take(pair[1], MSG_CMSG_CLOEXEC, 2)); /* not over the border */
    SHOW(nr_got);
    SHOW(got_flags & ~MSG_EOR);
    SHOW(got[0]);
    SHOW(got[1]);
    SHOW(fcntl(got[0], F_GETFD));
    SHOW(write(got[1], "through", 7));
    SHOW(read(got[0], data, 100));
    SHOW(take(pair[1], 0, 2));
    SHOW(nr_got);
    SHOW(pass(pair[0], got, 2));
    SHOW(take(pair[1], 0, 1)); /* room for one */
    SHOW(nr_got);
    SHOW(got_flags & ~MSG_EOR);
    SHOW(fcntl(got[0], F_GETFD));
    SHOW(close(got[0]));
    SHOW(pass(pair[0], got + 1, 1));
    SHOW(read(pair[1], data, 10)); /* without: they are closed */
    SHOW(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
    SHOW(number(pair[1], SO_PASSCRED));
    SHOW(write(pair[0], "x", 1));
    SHOW(take(pair[1], 0, 3));
    SHOW(control.head.cmsg_type == SCM_CREDENTIALS);
    memcpy(&who, CMSG_DATA(&control.head), sizeof(who));
    SHOW_TRUTH(who.pid == getpid() && who.uid == getuid());
    for (int fd = pair[1] + 1; fd < pair[1] + 6; fd++)
        close(fd);
    SHOW(close(pair[0]));
    SHOW(close(pair[1]));
}

void
locals(void)
{
    made();
    streams_of_a_pair();
    ends_of_a_pair();
    not_waiting();
    waiting();
    messages(SOCK_DGRAM);
    messages(SOCK_SEQPACKET);
    abstract_names();
    datagrams_by_name();
    passing(SOCK_STREAM);
    passing(SOCK_SEQPACKET);
    paths_as_names("/tmp");
}
