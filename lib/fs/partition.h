/*
 * Partition tables: where the parts of a disk lie, from an MBR (with logical partitions) or a
 * GPT. Reading them is apart from making disks of them (partition_disks.c), so that hostile
 * tables can be tried on any machine.
 */
#ifndef FS_PARTITION_H
#define FS_PARTITION_H

#include <stdint.h>

#define PARTITION_MAX 16

struct partition {
    unsigned number; /* 1 is vda1; MBR: logical ones from 5 on; GPT: the entry's place */
    uint64_t start;  /* sectors of 512 bytes */
    uint64_t count;  /* not 0; start + count lies within the disk */
};

/* Reads one sector into `to` (512 bytes), whatever the disk's blocks: 0 or negative errno. May
 * block. */
typedef int (*partition_read)(void *arg, uint64_t sector, void *to);

/*
 * The partitions of a disk of `capacity` sectors and blocks of `block_size` bytes (a power of
 * two, 512 to DISK_BLOCK_MAX), at most PARTITION_MAX, in the order of the table; their number, 0
 * when there is no table that makes sense. An entry that leaves the disk makes an MBR no table at
 * all (any boot sector ends in the same two bytes) and is left out of a GPT (whose checksum says
 * that it is one). Errors of `read` are returned.
 *
 * Tables count in logical blocks, and a disk may be copied to one with others. A GPT says by its
 * place what it counts in, so it is found in each unit. An MBR does not: it counts in blocks of
 * this disk, or, if that leads out of the disk, in 512 bytes.
 */
int partition_scan(partition_read read, void *arg, uint64_t capacity, uint32_t block_size,
                   struct partition out[PARTITION_MAX]);

#endif
