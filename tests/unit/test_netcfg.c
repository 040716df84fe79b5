/*
 * The network's small readers, which see text and bytes of strangers: addresses on the command
 * line, partial checksums against RFC 1071 and a checksum done the long way, and socket
 * addresses of every length.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "kernel/string.h"
#include "lib/net/checksum.h"
#include "lib/net/lease.h"
#include "lib/net/socket.h"
#include "lib/net/words.h"

/* Not from <stdlib.h>, whose types lwIP has of its own. */
void *malloc(size_t);
void free(void *);
char *strcpy(char *, const char *);
void *memchr(const void *, int, size_t);

/* ---- words ---- */

static void
ip4(void **state)
{
    static const char *const wrong[] = {"",
                                        "10",
                                        "10.1",
                                        "1.2.3",
                                        "1.2.3.4.5",
                                        "1.2.3.256",
                                        "1.2.3.4 ",
                                        " 1.2.3.4",
                                        "1.2.3.-4",
                                        "0x1.2.3.4",
                                        "1..3.4",
                                        "1.2.3.4/24",
                                        "99999999999.1.1.1",
                                        "a.b.c.d",
                                        "1.2.3."};
    ip4_addr_t address = {0x55555555};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(net_parse_ip4(wrong[i], &address));
        assert_int_equal(address.addr, 0x55555555);
    }
    assert_true(net_parse_ip4("10.0.2.15", &address));
    assert_memory_equal(&address, "\x0a\x00\x02\x0f", 4);
    assert_true(net_parse_ip4("255.255.255.255", &address));
    assert_true(net_parse_ip4("0.0.0.0", &address));
}

static void
ip4_hosts(void **state)
{
    static const char *const wrong[] = {
        "10.0.2.15",     "10.0.2.15/",         "10.0.2.15/0",   "10.0.2.15/33", "10.0.2.15/-1",
        "10.0.2.15/24x", "10.0.2.0/24",        "10.0.2.255/24", "0.0.0.1/8",    "127.0.0.1/8",
        "224.0.0.1/4",   "255.255.255.255/32", "10.0.2.15/ 24", "/24",          "dhcp"};
    ip4_addr_t address, mask;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(net_parse_ip4_host(wrong[i], &address, &mask));
    assert_true(net_parse_ip4_host("10.0.2.15/24", &address, &mask));
    assert_memory_equal(&mask, "\xff\xff\xff\x00", 4);
    assert_true(net_parse_ip4_host("10.0.2.15/1", &address, &mask));
    assert_memory_equal(&mask, "\x80\x00\x00\x00", 4);
    /* RFC 3021: both ends of a /31 are hosts. */
    assert_true(net_parse_ip4_host("10.0.2.0/31", &address, &mask));
    assert_true(net_parse_ip4_host("10.0.2.255/32", &address, &mask));
    assert_memory_equal(&mask, "\xff\xff\xff\xff", 4);
}

static void
ip6_hosts(void **state)
{
    static const char *const wrong[] = {
        "fd00::1",      "fd00::1/",   "fd00::1/0",           "fd00::1/129",  "::/64",
        "::1/128",      "ff02::1/64", "fd00:::1/64",         "10.0.2.15/24", "/64",
        "fd00::1/64/1", "auto",       "1:2:3:4:5:6:7:8:9/64"};
    char longest[300];
    ip6_addr_t address;
    unsigned len;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(net_parse_ip6_host(wrong[i], &address, &len));
    assert_true(net_parse_ip6_host("fd00::1:2/48", &address, &len));
    assert_int_equal(len, 48);
    assert_memory_equal(address.addr, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\x02", 16);
    memset(longest, '1', sizeof(longest));
    strcpy(longest + 290, "/64");
    assert_false(net_parse_ip6_host(longest, &address, &len));
}

static void
servers(void **state)
{
    ip_addr_t list[NET_MAX_SERVERS];

    (void)state;
    assert_int_equal(net_parse_servers("10.0.2.3", list), 1);
    assert_int_equal(net_parse_servers("10.0.2.3,fd00::3,1.1.1.1", list), 3);
    assert_true(IP_IS_V4(&list[0]) && IP_IS_V6(&list[1]) && IP_IS_V4(&list[2]));
    assert_int_equal(net_parse_servers("1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1", list), 0);
    assert_int_equal(net_parse_servers("", list), 0);
    assert_int_equal(net_parse_servers("1.1.1.1,", list), 0);
    assert_int_equal(net_parse_servers(",1.1.1.1", list), 0);
    assert_int_equal(net_parse_servers("dns.example", list), 0);
}

/* ---- checksums ---- */

static void
sums(void **state)
{
    /* RFC 1071, 3: the same bytes summed by words give ddf2. */
    static const uint8_t example[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    uint8_t most[65536];

    (void)state;
    assert_int_equal(net_sum(0, example, sizeof(example)), 0x2ddf0);
    assert_int_equal(net_sum_fold(0x2ddf0), 0xddf2);
    /* In two parts; an odd end is padded with 0. */
    assert_int_equal(net_sum(net_sum(0, example, 4), example + 4, 4), 0x2ddf0);
    assert_int_equal(net_sum(0, "\x12\x34\x56", 3), 0x1234 + 0x5600);
    assert_int_equal(net_sum(7, "", 0), 7);
    memset(most, 0xff, sizeof(most));
    assert_int_equal(net_sum_fold(net_sum(0, most, sizeof(most))), 0xffff);
    assert_int_equal(net_sum_fold(0xffffffff), 0xffff);
}

/* lwIP's sum against ours, wherever the bytes begin and however many there are. */
static void
sums_of_words(void **state)
{
    uint8_t bytes[400];
    uint32_t random = 1;

    (void)state;
    for (size_t len = 0; len < 300; len++)
        for (size_t start = 0; start < 8; start++) {
            for (size_t i = 0; i < sizeof(bytes); i++) {
                random = random * 1664525 + 1013904223;
                bytes[i] = random >> 30 ? 0xff : (uint8_t)(random >> 16);
            }
            uint16_t sum = net_sum_fold(net_sum(0, bytes + start, len));
            assert_int_equal(net_sum_words(bytes + start, (int)len),
                             (uint16_t)(sum << 8 | sum >> 8));
        }
}

/* An Ethernet frame with a TCP segment of `data` bytes, checksum field 0xdead. */
static size_t
make_tcp(uint8_t *frame, bool six, size_t options, size_t data)
{
    size_t header = six ? 40 : 20 + options, tcp = 20 + data, at = 14 + header;

    for (size_t i = 0; i < at + tcp; i++)
        frame[i] = (uint8_t)(i * 37 + 11);
    frame[12] = six ? 0x86 : 0x08;
    frame[13] = six ? 0xdd : 0x00;
    if (six) {
        frame[14] = 0x60;
        frame[18] = (uint8_t)(tcp >> 8);
        frame[19] = (uint8_t)tcp;
        frame[20] = 6;
    } else {
        frame[14] = (uint8_t)(0x40 | header / 4);
        frame[16] = (uint8_t)((header + tcp) >> 8);
        frame[17] = (uint8_t)(header + tcp);
        frame[20] = 0x40; /* do not fragment */
        frame[21] = 0;
        frame[23] = 6;
    }
    frame[at + 16] = 0xde;
    frame[at + 17] = 0xad;
    return at + tcp;
}

/* What a device does: sum from csum_start to the end, the field included, and put the
 * complement there. */
static void
device_finishes(uint8_t *frame, size_t len, const struct net_meta *meta)
{
    uint16_t sum =
        (uint16_t)~net_sum_fold(net_sum(0, frame + meta->csum_start, len - meta->csum_start));
    size_t at = (size_t)meta->csum_start + meta->csum_offset;

    frame[at] = (uint8_t)(sum >> 8);
    frame[at + 1] = (uint8_t)sum;
}

/* The receiver's sum over pseudo-header and segment, done without the code under test. */
static bool
receiver_agrees(const uint8_t *frame, size_t len, size_t at, bool six)
{
    const uint8_t *addresses = frame + (six ? 22 : 26);
    uint64_t sum = 6 + (len - at);

    for (size_t i = 0; i < (six ? 32u : 8u); i++)
        sum += (uint64_t)addresses[i] << (i % 2 ? 0 : 8);
    for (size_t i = at; i < len; i++)
        sum += (uint64_t)frame[i] << ((i - at) % 2 ? 0 : 8);
    return sum % 0xffff == 0;
}

static void
partial(void **state)
{
    static uint8_t frame[70000];

    (void)state;
    for (int six = 0; six <= 1; six++) {
        for (size_t options = 0; options <= (six ? 0 : 40); options += 4) {
            for (size_t data = 0; data < 65000; data += data < 5 ? 1 : 9001) {
                struct net_meta meta = {0};
                size_t at = 14 + (six ? 40 : 20 + options);
                size_t len = make_tcp(frame, six, options, data);

                assert_true(net_checksum_partial(
                    frame, NET_HEADERS_MAX < len ? NET_HEADERS_MAX : len, &meta));
                assert_true(meta.csum_partial && !meta.csum_valid);
                assert_int_equal(meta.csum_start, at);
                assert_int_equal(meta.csum_offset, 16);
                device_finishes(frame, len, &meta);
                assert_true(receiver_agrees(frame, len, at, six));
            }
        }
    }
}

/* Every length that cuts a frame short, from memory that ends there: never a read beyond. */
static void
short_frames(void **state)
{
    uint8_t whole[200], *cut;
    struct net_meta meta = {0};

    (void)state;
    for (int six = 0; six <= 1; six++) {
        size_t needed = six ? 14 + 40 + 20 : 14 + 24 + 20, len = make_tcp(whole, six, 4, 30);

        for (size_t n = 0; n <= len; n++) {
            cut = malloc(n ? n : 1);
            memcpy(cut, whole, n);
            assert_int_equal(net_checksum_partial(cut, n, &meta), n >= needed);
            if (n < needed)
                assert_memory_equal(cut, whole, n);
            memcpy(cut, whole, n);
            assert_int_equal(net_checksum_covered(cut, n), n >= (six ? 54u : 34u));
            free(cut);
        }
    }
}

static void
not_covered(void **state)
{
    uint8_t frame[200];
    struct net_meta meta = {0};
    size_t len = make_tcp(frame, false, 0, 30);

    (void)state;
    assert_true(net_checksum_covered(frame, len));
    frame[20] = 0x20; /* more fragments */
    assert_false(net_checksum_covered(frame, len));
    assert_false(net_checksum_partial(frame, len, &meta));
    frame[20] = 0;
    frame[21] = 1; /* a later fragment */
    assert_false(net_checksum_covered(frame, len));
    frame[21] = 0;
    frame[14] = 0x44; /* a header of 16 bytes */
    assert_false(net_checksum_covered(frame, len));
    frame[14] = 0x65; /* version 6 in a frame of type IPv4 */
    assert_false(net_checksum_covered(frame, len));
    frame[14] = 0x45;
    frame[16] = 0;
    frame[17] = 19; /* shorter than its header */
    assert_false(net_checksum_covered(frame, len));
    len = make_tcp(frame, false, 0, 30);
    frame[23] = 17;
    assert_true(net_checksum_covered(frame, len));
    assert_false(net_checksum_partial(frame, len, &meta)); /* only TCP leaves half-done */
    frame[23] = 1;                                         /* ICMP is not the device's */
    assert_false(net_checksum_covered(frame, len));
    len = make_tcp(frame, true, 0, 30);
    frame[20] = 44; /* a fragment header */
    assert_false(net_checksum_covered(frame, len));
    frame[12] = 0x08;
    frame[13] = 0x06; /* ARP */
    assert_false(net_checksum_covered(frame, len));
}

/* ---- socket addresses ---- */

static void
address_lengths(void **state)
{
    static const struct {
        uint16_t family;
        size_t least;
    } families[] = {{LINUX_AF_INET, 16}, {LINUX_AF_INET6, 24}, {LINUX_AF_UNSPEC, 2}};

    (void)state;
    for (size_t f = 0; f < 3; f++) {
        for (size_t len = 0; len <= 200; len++) {
            uint8_t *from = malloc(len ? len : 1); /* ends where it says */
            struct socket_address out;
            int error;

            memset(from, 0xa7, len);
            memcpy(from, &families[f].family, len < 2 ? len : 2);
            error = socket_address_in(from, (uint32_t)len, &out);
            free(from);
            if (len < families[f].least) {
                assert_int_equal(error, -EINVAL);
                continue;
            }
            assert_int_equal(error, 0);
            assert_int_equal(out.family, families[f].family);
            assert_int_equal(out.port, f == 2 ? 0 : 0xa7a7);
            assert_int_equal(IP_IS_V6(&out.ip), f == 1);
        }
    }
}

static void
address_families(void **state)
{
    struct linux_sockaddr_in6 from = {.family = 1};
    struct socket_address out;

    (void)state;
    assert_int_equal(socket_address_in(&from, sizeof(from), &out), -EAFNOSUPPORT);
    from.family = 0x020a; /* the low byte alone would be IPv6 */
    assert_int_equal(socket_address_in(&from, sizeof(from), &out), -EAFNOSUPPORT);
    from.family = 0xffff;
    assert_int_equal(socket_address_in(&from, 0xffffffff, &out), -EAFNOSUPPORT);
}

static void
address_there_and_back(void **state)
{
    struct linux_sockaddr_in6 from = {.family = LINUX_AF_INET6, .port = 0x1234, .scope = 7};
    struct socket_address inner;
    uint8_t *room;

    (void)state;
    memset(from.address, 0x5a, sizeof(from.address));
    from.address[0] = 0xfe; /* of a link, so that the scope counts */
    from.address[1] = 0x80;
    assert_int_equal(socket_address_in(&from, sizeof(from), &inner), 0);
    for (uint32_t room_len = 0; room_len <= 40; room_len++) {
        uint32_t len = room_len;

        room = malloc(room_len ? room_len : 1);
        socket_address_out(&inner.ip, inner.port, LINUX_AF_INET6, room, &len);
        assert_int_equal(len, sizeof(from)); /* the whole length, however much fitted */
        assert_memory_equal(room, &from, room_len < sizeof(from) ? room_len : sizeof(from));
        free(room);
    }
    assert_int_equal(socket_address_in(&from, LINUX_SOCKADDR_IN6_MIN, &inner), 0);
    assert_int_equal(ip6_addr_zone(ip_2_ip6(&inner.ip)), 0); /* no scope was given */
}

/* An IPv4 address is one in either dress, and is shown in that of the socket. */
static void
address_of_ip4(void **state)
{
    static const uint8_t mapped[16] = {
        [10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1};
    struct linux_sockaddr_in ip4 = {.family = LINUX_AF_INET, .port = 0x5678}, back4;
    struct linux_sockaddr_in6 ip6 = {.family = LINUX_AF_INET6, .port = 0x5678}, back6;
    struct socket_address one, other;
    uint32_t len = sizeof(back4), len6 = sizeof(back6);

    (void)state;
    memcpy(&ip4.address, mapped + 12, 4);
    memcpy(ip6.address, mapped, 16);
    assert_int_equal(socket_address_in(&ip4, sizeof(ip4), &one), 0);
    assert_int_equal(socket_address_in(&ip6, sizeof(ip6), &other), 0);
    assert_true(IP_IS_V4(&other.ip) && ip_addr_cmp(&one.ip, &other.ip));
    socket_address_out(&other.ip, other.port, LINUX_AF_INET, &back4, &len);
    socket_address_out(&one.ip, one.port, LINUX_AF_INET6, &back6, &len6);
    assert_memory_equal(&back4, &ip4, len);
    assert_memory_equal(&back6, &ip6, len6);
    memset(&ip4.address, 0, 4);
    assert_int_equal(socket_address_in(&ip4, sizeof(ip4), &one), 0);
    socket_address_destination(&one);
    assert_int_equal(ip_2_ip4(&one.ip)->addr, 0x0100007f); /* no host's is one's own */
}

/* ---- leases ---- */

/* Messages of every length, from memory that ends there, with options that lie about theirs: what
 * comes out keeps to its bounds. */
static void
lease_at_random(void **state)
{
    static const uint8_t codes[] = {0, 1, 3, 6, 15, 26, 42, 52, 53, 119, 121, 255};
    uint32_t random = 1;
    struct net_lease lease;

    (void)state;
    for (unsigned round = 0; round < 100000; round++) {
        size_t len = (random = random * 1664525 + 1013904223) >> 22;
        uint8_t *message = malloc(len ? len : 1);

        for (size_t i = 0; i < len; i++) {
            random = random * 1664525 + 1013904223;
            message[i] = random & 1 << 20 ? codes[(random >> 24) % sizeof(codes)]
                                          : (uint8_t)((random >> 24) & 0xc7);
        }
        net_lease_read(message, len, &lease);
        free(message);
        assert_true(lease.nr_routes <= NET_LEASE_ROUTES &&
                    lease.nr_routers <= NET_LEASE_ROUTERS);
        assert_true(lease.nr_servers <= NET_LEASE_SERVERS);
        assert_true(lease.nr_clocks <= NET_LEASE_SERVERS);
        assert_true(lease.mtu == 0 || lease.mtu >= NET_LEASE_MTU);
        assert_non_null(memchr(lease.search, '\0', sizeof(lease.search)));
        for (const char *p = lease.search; *p; p++)
            assert_true(*p == ' ' || *p == '.' || *p == '-' || *p == '_' ||
                        (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
                        (*p >= 'a' && *p <= 'z'));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ip4),
        cmocka_unit_test(ip4_hosts),
        cmocka_unit_test(ip6_hosts),
        cmocka_unit_test(servers),
        cmocka_unit_test(sums),
        cmocka_unit_test(sums_of_words),
        cmocka_unit_test(partial),
        cmocka_unit_test(short_frames),
        cmocka_unit_test(not_covered),
        cmocka_unit_test(address_lengths),
        cmocka_unit_test(address_families),
        cmocka_unit_test(address_there_and_back),
        cmocka_unit_test(address_of_ip4),
        cmocka_unit_test(lease_at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
