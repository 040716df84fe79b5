/*
 * Tar archives, in two steps: tar_scan.c and tar_pax.c read the headers one member at a
 * time, tar_index.c makes the sorted tree of them that tarfs.c serves. The archive is not
 * trusted: every number, name and link of it is checked, and damage ends the scan with the
 * members before it intact.
 */
#ifndef FS_TAR_H
#define FS_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/fs/fs.h"

#define TAR_BLOCK 512

/* ---- one member after the other ---- */

enum tar_fitness { TAR_FIT, TAR_BAD_NAME, TAR_SPARSE };

struct tar_member {
    char type; /* the header's type flag, '0' for all ways to say "file" */
    enum tar_fitness fitness;
    uint64_t data; /* where the contents begin in the archive, bytes */
    uint64_t size; /* bytes, inside the archive; 0 for what has no contents */
    int64_t mtime; /* seconds since 1970 */
    uint32_t mode; /* permissions, 07777 */
    uint32_t uid, gid;
    char name[FS_PATH_MAX]; /* as the archive spells it */
    char link[FS_PATH_MAX]; /* target of types '1' and '2' */
};

struct tar_scan {
    struct fs_reader *reader;
    uint64_t at;        /* of the next header */
    const char *damage; /* set when tar_next returns -EPROTO: what is wrong at `at` */
};

/* Next member: 1, or 0 at the end of the archive, or -EPROTO (damage), or an error of the
 * reader. Blocks. */
int tar_next(struct tar_scan *scan, struct tar_member *member);
/* 1 if the first block is a header of a tar archive, 0 if not, or an error of the reader. Blocks. */
int tar_probe(struct fs_reader *reader);

/* ---- names ---- */

/* Without "/" in front, behind or twice, and without "."; "" is the root. False for "..", and
 * for a name or component that is too long. */
bool tar_clean_name(const char *from, char to[FS_PATH_MAX]);
/* The order of a walk: "/" sorts below every other character, so "a", "a/b", "a-b". */
int tar_compare_names(const char *a, const char *b);
/* True if `name` lies below `directory`, at any depth. */
bool tar_is_below(const char *name, const char *directory);

/* ---- the tree ---- */

struct tar_node {
    struct tar_node *body; /* itself; of a hard link the node that has the contents */
    uint64_t data, size;
    int64_t mtime;
    uint32_t mode; /* FS_S_IF* and permissions */
    uint32_t uid, gid;
    uint32_t links;
    uint32_t number;  /* place in the archive: of two equal names the later one counts */
    uint32_t index;   /* of this node in the tree */
    uint32_t end;     /* index behind the last node below this one */
    const char *link; /* target of a symbolic link, or of a hard link as canonical name */
    char name[];      /* without "/" in front or behind; "" is the root */
};

/* Nodes in the order of a walk: a directory, all that lies below it, its next sibling. */
struct tar_tree {
    struct tar_node **nodes; /* [0] is the root */
    uint32_t count;
};

/*
 * Read all headers and build the tree in at most `memory` bytes of the kernel's heap. Says on
 * the log what was left out and where damage ended the reading; what came before is served.
 * 0, -EINVAL (no tar archive), -ENOMEM, or an error of the reader before the first member.
 * Blocks.
 */
int tar_load(struct tar_tree *tree, struct fs_reader *reader, size_t memory);
void tar_free(struct tar_tree *tree);
struct tar_node *tar_find(const struct tar_tree *tree, const char *name);

/* Load the archive and mount it on `where`. Errors of tar_load and fs_mount. */
int tarfs_mount(struct fs_reader *reader, const char *where);

#endif
