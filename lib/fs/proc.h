/* Between the tree of /proc (proc.c) and what its files say (proc_text.c). */
#ifndef FS_PROC_H
#define FS_PROC_H

#include <stddef.h>
#include "lib/fs/fs.h"

/* Where text grows; what does not fit is left out. */
struct proc_text {
    char *at;
    size_t len, size;
};

struct proc_file {
    const char *name;                  /* below the mount: "self/stat" */
    void (*write)(struct proc_text *); /* NULL: a folder */
};

/* Folders come before what they hold. */
extern const struct proc_file proc_files[];
extern const size_t proc_files_count;

extern struct fs_mount fs_proc_mount;

#endif
