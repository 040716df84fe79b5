/*
 * Between the reading of headers (tar_scan.c) and of the extended ones in front of them
 * (tar_pax.c).
 */
#ifndef FS_TAR_SCAN_H
#define FS_TAR_SCAN_H

#include "lib/fs/tar.h"

/* What stands in front of a member and overrides its header. Names are in the member. */
struct tar_overrides {
    bool name, link, size, mtime;
    uint64_t size_value;
    int64_t mtime_value;
    enum tar_fitness fitness;
};

/* Note what is wrong at scan->at; returns -EPROTO. */
int tar_damaged(struct tar_scan *scan, const char *what);
/* A name that stands in the archive's contents; `to` has FS_PATH_MAX bytes. One that does
 * not fit, or has a NUL in it, is TAR_BAD_NAME. 0 or an error of the reader. */
int tar_read_name(struct tar_scan *scan, uint64_t at, uint64_t len, char *to,
                  enum tar_fitness *fitness);
/* The records in [at, at + size), which lies inside the archive. 0, -EPROTO, or an error of
 * the reader. */
int tar_read_pax(struct tar_scan *scan, uint64_t at, uint64_t size, struct tar_member *member,
                 struct tar_overrides *over);

#endif
