/*
 * The parts of lguest-net: main.c moves frames and time, forward.c reads the options,
 * confine.c gives up what is not needed.
 */
#ifndef LAUNCHER_USERNET_H
#define LAUNCHER_USERNET_H

#include <netinet/in.h>
#include <slirp/libslirp.h>

/* The launcher passes its socket under this number: SOCK_SEQPACKET, one frame a message. */
#define USERNET_SOCKET 3

/* Prints "lguest: ..." and ends with status 2. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Opens the ports of "hostfwd=tcp:[ADDRESS:]PORT-[ADDRESS]:PORT,...". */
void forward_all(Slirp *, char *options);

/* From here on: sockets of the internet only, no program started, no file but resolv.conf. */
void confine(void);

#endif
