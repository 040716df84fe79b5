/*
 * Names of feature bits, for the shell and /status: the specification's own, without their
 * prefix. No driver needs them, and a program that does not show them carries none.
 */
#include "drivers/virtio/virtio.h"
#include "kernel/kernel.h"

struct bit_name {
    uint8_t bit;
    const char *name;
};

static const struct bit_name common_bits[] = {
    {24, "NOTIFY_ON_EMPTY"}, {27, "ANY_LAYOUT"},        {28, "INDIRECT_DESC"},
    {29, "EVENT_IDX"},       {32, "VERSION_1"},         {33, "ACCESS_PLATFORM"},
    {34, "RING_PACKED"},     {35, "IN_ORDER"},          {36, "ORDER_PLATFORM"},
    {37, "SR_IOV"},          {38, "NOTIFICATION_DATA"}, {39, "NOTIF_CONFIG_DATA"},
    {40, "RING_RESET"},
};

/* clang-format off: it would give each of them a line */
static const struct bit_name net_bits[] = {
    {0, "CSUM"}, {1, "GUEST_CSUM"}, {2, "CTRL_GUEST_OFFLOADS"}, {3, "MTU"}, {5, "MAC"},
    {6, "GSO"}, {7, "GUEST_TSO4"}, {8, "GUEST_TSO6"}, {9, "GUEST_ECN"}, {10, "GUEST_UFO"},
    {11, "HOST_TSO4"}, {12, "HOST_TSO6"}, {13, "HOST_ECN"}, {14, "HOST_UFO"}, {15, "MRG_RXBUF"},
    {16, "STATUS"}, {17, "CTRL_VQ"}, {18, "CTRL_RX"}, {19, "CTRL_VLAN"}, {20, "CTRL_RX_EXTRA"},
    {21, "GUEST_ANNOUNCE"}, {22, "MQ"}, {23, "CTRL_MAC_ADDR"}, {54, "GUEST_USO4"},
    {55, "GUEST_USO6"}, {56, "HOST_USO"}, {57, "HASH_REPORT"}, {59, "GUEST_HDRLEN"},
    {60, "RSS"}, {61, "RSC_EXT"}, {62, "STANDBY"}, {63, "SPEED_DUPLEX"},
};
/* clang-format on */

static const struct bit_name block_bits[] = {
    {0, "BARRIER"},       {1, "SIZE_MAX"},  {2, "SEG_MAX"},
    {4, "GEOMETRY"},      {5, "RO"},        {6, "BLK_SIZE"},
    {7, "SCSI"},          {9, "FLUSH"},     {10, "TOPOLOGY"},
    {11, "CONFIG_WCE"},   {12, "MQ"},       {13, "DISCARD"},
    {14, "WRITE_ZEROES"}, {15, "LIFETIME"}, {16, "SECURE_ERASE"},
    {17, "ZONED"},
};

static const struct bit_name console_bits[] = {
    {0, "SIZE"}, {1, "MULTIPORT"}, {2, "EMERG_WRITE"}};

static const char *
bit_name(const struct bit_name *bits, unsigned nr, unsigned bit)
{
    for (unsigned i = 0; i < nr; i++)
        if (bits[i].bit == bit)
            return bits[i].name;
    return NULL;
}

const char *
virtio_feature_name(uint16_t type, unsigned bit)
{
    const char *name = bit_name(common_bits, ARRAY_SIZE(common_bits), bit);

    if (name)
        return name;
    switch (type) {
    case VIRTIO_ID_NET:
        return bit_name(net_bits, ARRAY_SIZE(net_bits), bit);
    case VIRTIO_ID_BLOCK:
        return bit_name(block_bits, ARRAY_SIZE(block_bits), bit);
    case VIRTIO_ID_CONSOLE:
        return bit_name(console_bits, ARRAY_SIZE(console_bits), bit);
    default:
        return NULL;
    }
}
