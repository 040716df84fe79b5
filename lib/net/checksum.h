/*
 * The Internet checksum where a device does half of the work: what a frame to send must hold
 * for the device to finish it, and whether what the device says of a received frame covers
 * everything that lwIP would check. Knows frames and nothing of lwIP.
 */
#ifndef NET_CHECKSUM_H
#define NET_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel/device.h"

#define NET_ETHER_HEADER 14
/* The longest run of headers that net_checksum_partial() looks at: Ethernet, IPv4 with all
 * options, TCP without. */
#define NET_HEADERS_MAX (NET_ETHER_HEADER + 60 + 20)

/*
 * Add `len` bytes as big-endian words to a running sum (RFC 1071), an odd last byte being
 * padded with 0. Start with 0; at most 64 KiB in one sum.
 */
uint32_t net_sum(uint32_t sum, const void *data, size_t len);
/* The same of bytes in the machine's order, for lwIP: at once, folded. */
uint16_t net_sum_words(const void *data, int len);
/* Fold into 16 bits, not inverted. */
uint16_t net_sum_fold(uint32_t sum);

/*
 * If the Ethernet frame holds a TCP segment, whole in one IP packet: put the sum of its
 * pseudo-header into the checksum field and say in *meta where the device finishes it (virtio
 * 1.2, 5.1.6.2). The first `len` bytes of the frame are at `frame`, all of it or at least
 * NET_HEADERS_MAX. False, and nothing touched, for any other frame.
 */
bool net_checksum_partial(uint8_t *frame, size_t len, struct net_meta *meta);

/*
 * True if the frame is one whole TCP or UDP packet, of which the device's word covers the
 * checksum. Of a fragment it knows nothing: the datagram is checked when it is complete.
 */
bool net_checksum_covered(const uint8_t *frame, size_t len);

#endif
