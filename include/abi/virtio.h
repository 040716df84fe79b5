/*
 * The formats of virtio that driver and device share (virtio 1.2): device types, status and
 * feature bits, the split ring, and the requests and configuration of the devices that
 * Ringlet drives. The launcher, the tests' model and the guest all use this one page. Names
 * follow the specification. All fields are little-endian, which x86 is.
 */
#ifndef ABI_VIRTIO_H
#define ABI_VIRTIO_H

#include <stdint.h>
#include "abi/bits.h"

/* Device types (5). */
#define VIRTIO_ID_NET     1
#define VIRTIO_ID_BLOCK   2
#define VIRTIO_ID_CONSOLE 3
#define VIRTIO_ID_ENTROPY 4

/* Device status field (2.1). */
#define VIRTIO_STATUS_ACKNOWLEDGE 1
#define VIRTIO_STATUS_DRIVER      2
#define VIRTIO_STATUS_DRIVER_OK   4
#define VIRTIO_STATUS_FEATURES_OK 8
#define VIRTIO_STATUS_NEEDS_RESET 64
#define VIRTIO_STATUS_FAILED      128

/* Interrupt status (4.1.4.5, 4.2.2). */
#define VIRTIO_ISR_QUEUE  1
#define VIRTIO_ISR_CONFIG 2

/* Feature bit numbers of ring and transport (6). */
#define VIRTIO_F_ANY_LAYOUT      27
#define VIRTIO_F_RING_INDIRECT   28
#define VIRTIO_F_RING_EVENT_IDX  29
#define VIRTIO_F_VERSION_1       32
#define VIRTIO_F_ACCESS_PLATFORM 33
#define VIRTIO_F_RING_PACKED     34
#define VIRTIO_F_ORDER_PLATFORM  36

/* ---- split ring (2.7) ---- */

#define VRING_DESC_F_NEXT     1
#define VRING_DESC_F_WRITE    2
#define VRING_DESC_F_INDIRECT 4

struct vring_desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};

#define VRING_AVAIL_F_NO_INTERRUPT 1

/* Followed by uint16_t used_event with EVENT_IDX. */
struct vring_avail {
    uint16_t flags;
    uint16_t idx;
    uint16_t ring[];
};

struct vring_used_elem {
    uint32_t id;
    uint32_t len;
};

#define VRING_USED_F_NO_NOTIFY 1

/* Followed by uint16_t avail_event with EVENT_IDX. */
struct vring_used {
    uint16_t flags;
    uint16_t idx;
    struct vring_used_elem ring[];
};

#define VRING_SIZE_MAX 32768

/* ---- packed ring (2.8): the descriptor flags above and two more ---- */

#define VRING_PACKED_DESC_F_AVAIL 0x0080
#define VRING_PACKED_DESC_F_USED  0x8000

struct vring_packed_desc {
    uint64_t addr;
    uint32_t len;
    uint16_t id;
    uint16_t flags;
};

/* Event suppression (2.8.14), one structure from each side. */
#define VRING_PACKED_EVENT_ENABLE  0
#define VRING_PACKED_EVENT_DISABLE 1
#define VRING_PACKED_EVENT_DESC    2 /* with EVENT_IDX: at the place in `desc` */
#define VRING_PACKED_EVENT_WRAP    0x8000

struct vring_packed_event {
    uint16_t desc; /* place in the ring, and the wrap counter in the highest bit */
    uint16_t flags;
};

/* ---- network device (5.1) ---- */

#define VIRTIO_NET_F_CSUM       0
#define VIRTIO_NET_F_GUEST_CSUM 1
#define VIRTIO_NET_F_MTU        3
#define VIRTIO_NET_F_MAC        5
#define VIRTIO_NET_F_GUEST_TSO4 7
#define VIRTIO_NET_F_GUEST_TSO6 8
#define VIRTIO_NET_F_GUEST_ECN  9
#define VIRTIO_NET_F_HOST_TSO4  11
#define VIRTIO_NET_F_HOST_TSO6  12
#define VIRTIO_NET_F_HOST_ECN   13
#define VIRTIO_NET_F_HOST_UFO   14
#define VIRTIO_NET_F_MRG_RXBUF  15
#define VIRTIO_NET_F_STATUS     16

#define VIRTIO_NET_S_LINK_UP 1

struct virtio_net_config {
    uint8_t mac[6];
    uint16_t status;
    uint16_t max_virtqueue_pairs;
    uint16_t mtu;
} __attribute__((packed));

#define VIRTIO_NET_HDR_F_NEEDS_CSUM 1
#define VIRTIO_NET_HDR_F_DATA_VALID 2

#define VIRTIO_NET_HDR_GSO_NONE  0
#define VIRTIO_NET_HDR_GSO_TCPV4 1
#define VIRTIO_NET_HDR_GSO_TCPV6 4
#define VIRTIO_NET_HDR_GSO_ECN   0x80

/* num_buffers is there with MRG_RXBUF or VERSION_1 only (5.1.6.1): 12 bytes, else 10. */
struct virtio_net_hdr {
    uint8_t flags;
    uint8_t gso_type;
    uint16_t hdr_len;
    uint16_t gso_size;
    uint16_t csum_start;
    uint16_t csum_offset;
    uint16_t num_buffers;
} __attribute__((packed));

#define VIRTIO_NET_HDR_LEGACY 10

/* ---- block device (5.2) ---- */

#define VIRTIO_BLK_F_SIZE_MAX 1
#define VIRTIO_BLK_F_SEG_MAX  2
#define VIRTIO_BLK_F_RO       5
#define VIRTIO_BLK_F_BLK_SIZE 6
#define VIRTIO_BLK_F_FLUSH    9

struct virtio_blk_config {
    uint64_t capacity;
    uint32_t size_max;
    uint32_t seg_max;
    uint16_t cylinders;
    uint8_t heads;
    uint8_t sectors;
    uint32_t blk_size;
} __attribute__((packed));

#define VIRTIO_BLK_T_IN     0
#define VIRTIO_BLK_T_OUT    1
#define VIRTIO_BLK_T_FLUSH  4
#define VIRTIO_BLK_T_GET_ID 8

struct virtio_blk_req_hdr {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

#define VIRTIO_BLK_S_OK     0
#define VIRTIO_BLK_S_IOERR  1
#define VIRTIO_BLK_S_UNSUPP 2

#define VIRTIO_BLK_ID_LEN 20

/* ---- console device (5.3) ---- */

#define VIRTIO_CONSOLE_F_SIZE        0
#define VIRTIO_CONSOLE_F_MULTIPORT   1
#define VIRTIO_CONSOLE_F_EMERG_WRITE 2

struct virtio_console_config {
    uint16_t cols;
    uint16_t rows;
    uint32_t max_nr_ports;
    uint32_t emerg_wr;
} __attribute__((packed));

/* ---- PCI transport (4.1) ---- */

#define VIRTIO_PCI_VENDOR              0x1AF4
#define VIRTIO_PCI_DEVICE_TRANSITIONAL 0x1000 /* to 0x103f: type from the subsystem id */
#define VIRTIO_PCI_DEVICE_MODERN       0x1040 /* plus the type */

/* Legacy registers in BAR 0, an I/O BAR (4.1.4.10). */
#define VIRTIO_PCI_LEGACY_DEVICE_FEATURES 0
#define VIRTIO_PCI_LEGACY_DRIVER_FEATURES 4
#define VIRTIO_PCI_LEGACY_QUEUE_PFN       8
#define VIRTIO_PCI_LEGACY_QUEUE_SIZE      12
#define VIRTIO_PCI_LEGACY_QUEUE_SELECT    14
#define VIRTIO_PCI_LEGACY_QUEUE_NOTIFY    16
#define VIRTIO_PCI_LEGACY_STATUS          18
#define VIRTIO_PCI_LEGACY_ISR             19
#define VIRTIO_PCI_LEGACY_CONFIG          20
/* While MSI-X is enabled: */
#define VIRTIO_PCI_LEGACY_CONFIG_VECTOR       20
#define VIRTIO_PCI_LEGACY_QUEUE_VECTOR        22
#define VIRTIO_PCI_LEGACY_CONFIG_WITH_VECTORS 24
#define VIRTIO_PCI_LEGACY_ALIGN               4096

/* Vendor capabilities of a modern device (4.1.4). */
#define VIRTIO_PCI_CAP_COMMON_CFG 1
#define VIRTIO_PCI_CAP_NOTIFY_CFG 2
#define VIRTIO_PCI_CAP_ISR_CFG    3
#define VIRTIO_PCI_CAP_DEVICE_CFG 4
#define VIRTIO_PCI_CAP_PCI_CFG    5

struct virtio_pci_cap {
    uint8_t cap_vndr;
    uint8_t cap_next;
    uint8_t cap_len;
    uint8_t cfg_type;
    uint8_t bar;
    uint8_t id;
    uint8_t padding[2];
    uint32_t offset;
    uint32_t length;
};

/* Common configuration (4.1.4.3). */
struct virtio_pci_common_cfg {
    uint32_t device_feature_select;
    uint32_t device_feature;
    uint32_t driver_feature_select;
    uint32_t driver_feature;
    uint16_t config_msix_vector;
    uint16_t num_queues;
    uint8_t device_status;
    uint8_t config_generation;
    uint16_t queue_select;
    uint16_t queue_size;
    uint16_t queue_msix_vector;
    uint16_t queue_enable;
    uint16_t queue_notify_off;
    uint32_t queue_desc_lo;
    uint32_t queue_desc_hi;
    uint32_t queue_driver_lo;
    uint32_t queue_driver_hi;
    uint32_t queue_device_lo;
    uint32_t queue_device_hi;
};

/* ---- MMIO transport (4.2.2, and 4.2.4 for version 1): offsets of 32-bit registers ---- */

#define VIRTIO_MMIO_MAGIC 0x74726976 /* "virt" */

#define VIRTIO_MMIO_MAGIC_VALUE         0x000
#define VIRTIO_MMIO_VERSION             0x004 /* 1: legacy, 2 */
#define VIRTIO_MMIO_DEVICE_ID           0x008 /* 0: nothing here */
#define VIRTIO_MMIO_DEVICE_FEATURES     0x010
#define VIRTIO_MMIO_DEVICE_FEATURES_SEL 0x014
#define VIRTIO_MMIO_DRIVER_FEATURES     0x020
#define VIRTIO_MMIO_DRIVER_FEATURES_SEL 0x024
#define VIRTIO_MMIO_GUEST_PAGE_SIZE     0x028 /* version 1 */
#define VIRTIO_MMIO_QUEUE_SEL           0x030
#define VIRTIO_MMIO_QUEUE_NUM_MAX       0x034
#define VIRTIO_MMIO_QUEUE_NUM           0x038
#define VIRTIO_MMIO_QUEUE_ALIGN         0x03c /* version 1 */
#define VIRTIO_MMIO_QUEUE_PFN           0x040 /* version 1 */
#define VIRTIO_MMIO_QUEUE_READY         0x044
#define VIRTIO_MMIO_QUEUE_NOTIFY        0x050
#define VIRTIO_MMIO_INTERRUPT_STATUS    0x060
#define VIRTIO_MMIO_INTERRUPT_ACK       0x064
#define VIRTIO_MMIO_STATUS              0x070
#define VIRTIO_MMIO_QUEUE_DESC_LOW      0x080 /* each followed by its high half */
#define VIRTIO_MMIO_QUEUE_DRIVER_LOW    0x090
#define VIRTIO_MMIO_QUEUE_DEVICE_LOW    0x0a0
#define VIRTIO_MMIO_CONFIG_GENERATION   0x0fc
#define VIRTIO_MMIO_CONFIG              0x100

#endif
