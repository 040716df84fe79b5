/*
 * Between the network device and the ways to reach a network.
 */
#ifndef LAUNCHER_DEVICE_NET_H
#define LAUNCHER_DEVICE_NET_H

#include <stdbool.h>
#include <stdint.h>

/* Makes the device; fd does not block. NULL for mac: the guest chooses one. */
void net_device(int fd, bool header, const uint8_t *mac);
/* "52:54:00:12:34:56"; false if it is not that, or a group address. */
bool net_parse_mac(const char *text, uint8_t *mac);
/* The same one at every start. */
void net_default_mac(const char *name, uint8_t *mac);

#endif
