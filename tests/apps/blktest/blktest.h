/*
 * What the files of blktest share.
 */
#ifndef BLKTEST_H
#define BLKTEST_H

#include <stdint.h>
#include "kernel/device.h"

/* What operation number `op` writes to a sector: 128 words, each of which tells where it
 * belongs. Number 0 is what the disk held before. */
void fill_sector(char *to, uint32_t op, uint32_t sector);

/* `count` requests that follow from the seed; 0 if all that was read is as it was written. */
int random_requests(struct disk_device *d, uint32_t seed, uint32_t count);

/* Threads write odd ranges of /dev/NAME, and read them; 0 if they are as they were written. */
int write_bytes(const char *name, uint32_t seed);

#endif
