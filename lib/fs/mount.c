/*
 * What is mounted when the image starts: /dev, /proc, memory on /tmp, /run and /dev/shm, and on "/" what
 * the word root=initrd, root=vda or root=vda2 names: a tar archive, or a file system of a kind that the
 * image was linked with (fs_kinds), which begin differently. Behind the name ",ro" has nothing
 * written, and ",overlay" keeps changes to an archive in memory. Without that word it is the
 * initrd if it holds an archive, else vda if that holds something, else the first partition of vda
 * that does, else memory, empty at first. Each word mount=vdb:/data[,ro] puts a disk elsewhere.
 * Runs once, after the devices were found.
 */
#include "kernel/boot_info.h"
#include "kernel/cmdline.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/fs.h"
#include "lib/fs/calls.h"
#include "lib/fs/proc.h"
#include "lib/fs/tar.h"
#include "lib/fs/tmp.h"

#define NAME_MAX 32 /* of an initrd or disk, with its NUL */

static struct fs_reader *
initrd_reader(void)
{
    const struct boot_module *initrd = &boot_info.modules[0];

    if (boot_info.nr_modules == 0 || initrd->size == 0)
        return NULL;
    return fs_reader_memory("initrd", (const void *)(uintptr_t)initrd->base,
                            (size_t)initrd->size);
}

static void
mount_root(struct fs_reader *reader, bool overlay)
{
    int error = overlay ? overlay_mount(reader, "/") : tarfs_mount(reader, "/");

    if (!error)
        return;
    if (error == -EINVAL)
        log_error("root: %s holds no tar archive, so there are no files", reader->name);
    else
        log_error("root: %s cannot be mounted (error %d), so there are no files", reader->name,
                  -error);
    reader->close(reader);
}

ENLIST_DECLARE(fs_kinds);

/* What the disk begins like, other than an archive; NULL: nothing that is known here. */
static const struct fs_kind *
kind_of(struct disk_device *disk)
{
    ENLIST_FOREACH(fs_kinds, const struct fs_kind, kind)
        if (kind->probe(disk) > 0)
            return kind;
    return NULL;
}

enum way { WAY_USUAL, WAY_READ_ONLY, WAY_OVERLAY, WAY_UNKNOWN };

/* What the user named, and how it is to be mounted. */
static enum way
split(const char *word, char name[NAME_MAX])
{
    const char *comma = strchr(word, ',');
    size_t len = comma ? (size_t)(comma - word) : strlen(word);

    memset(name, 0, NAME_MAX);
    memcpy(name, word, MIN(len, (size_t)NAME_MAX - 1));
    if (!comma)
        return WAY_USUAL;
    if (strcmp(comma, ",ro") == 0)
        return WAY_READ_ONLY;
    return strcmp(comma, ",overlay") == 0 ? WAY_OVERLAY : WAY_UNKNOWN;
}

static void
mount_named(const char *word)
{
    char name[NAME_MAX];
    enum way way = split(word, name);
    struct disk_device *disk = disk_find(name);
    const struct fs_kind *kind = disk ? kind_of(disk) : NULL;

    if (way == WAY_UNKNOWN) {
        log_error(
            "root: %s is no way to mount it (\",overlay\" and \",ro\" are), so there are no files",
            strchr(word, ','));
        return;
    }
    if (kind && way == WAY_OVERLAY)
        log_error("root: %s holds %s, and only an archive can have an overlay", name,
                  kind->name);
    if (kind) {
        (void)kind->mount(disk, "/", way != WAY_USUAL);
        return;
    }
    bool initrd = strcmp(name, "initrd") == 0;
    struct fs_reader *reader = initrd ? initrd_reader() : disk ? fs_reader_disk(disk) : NULL;

    if (reader)
        mount_root(reader, way == WAY_OVERLAY);
    else if (initrd)
        log_error("root: there is no initrd to read, so there are no files");
    else
        log_error("root: there is no disk %s to read, so there are no files", name);
}

/* A word "vdb:/data" or "vdb:/data,ro". */
static void
mount_elsewhere(const char *word)
{
    char name[NAME_MAX];
    const char *colon = strchr(word, ':'), *comma = strchr(word, ',');
    size_t end = comma ? (size_t)(comma - word) : strlen(word);
    bool read_only = comma && strcmp(comma, ",ro") == 0;

    if (!colon || colon[1] != '/' || word[end - 1] == '/' || (comma && !read_only)) {
        cmdline_bad_value("mount", word, "vdb:/data or vdb:/data,ro");
        return;
    }
    memset(name, 0, sizeof(name));
    memcpy(name, word, MIN((size_t)(colon - word), sizeof(name) - 1));
    struct disk_device *disk = disk_find(name);
    const struct fs_kind *kind = disk ? kind_of(disk) : NULL;
    char *where = kstrdup(colon + 1);
    if (!where)
        return;
    where[word + end - colon - 1] = '\0';
    struct fs_reader *reader = disk && !kind ? fs_reader_disk(disk) : NULL;
    int error = kind     ? kind->mount(disk, where, read_only)
                : reader ? tarfs_mount(reader, where)
                         : -ENOENT;
    if (!error)
        return;
    log_error("mount: %s is not on %s: %s", name, where,
              !disk                       ? "there is no such disk"
              : error == -EINVAL && !kind ? "it holds nothing that can be mounted here"
                                          : "it cannot be mounted");
    kfree(where);
    if (reader)
        reader->close(reader);
}

/* What begins like an archive. 1 if it did, 0 if not, or the error of reading, which was told. */
static int
mount_probed(struct fs_reader *reader)
{
    int result = tar_probe(reader);

    if (result > 0) {
        mount_root(reader, false);
        return result;
    }
    if (result < 0)
        log_error("root: %s cannot be read (error %d)", reader->name, -result);
    reader->close(reader);
    return result;
}

static bool
mount_initrd(void)
{
    struct fs_reader *reader = initrd_reader();

    if (reader && mount_probed(reader) > 0)
        return true;
    if (reader)
        log_warn("root: the initrd of %llu bytes is no tar archive (a compressed one is none)",
                 (unsigned long long)boot_info.modules[0].size);
    return false;
}

static void
mount_first_disk(void)
{
    struct disk_device *first = disk_find("vda");
    bool readable = true;

    for (struct disk_device *d = disk_next(NULL); d; d = disk_next(d)) {
        bool ours = d == first || d->whole == first;
        const struct fs_kind *kind = ours ? kind_of(d) : NULL;
        if (kind && kind->mount(d, "/", false) == 0)
            return;
        struct fs_reader *reader = ours && !kind ? fs_reader_disk(d) : NULL;
        int result = reader ? mount_probed(reader) : 0;
        if (result > 0)
            return;
        readable &= result == 0;
    }
    if (first && readable)
        log_info("root: %s holds no tar archive, so there are no files", first->name);
}

/* They take memory for what is put there, and next to none before. */
static void
mount_memory(void)
{
    static struct tmpfs tmp, run, shm;

    if (tmpfs_mount(&tmp, "/tmp", 01777) || tmpfs_mount(&run, "/run", 0755) ||
        tmpfs_mount(&shm, "/dev/shm", 01777))
        log_error("fs: no memory for files in memory");
}

/* Where nothing else is found a program can still make files, and has a folder to be in. */
static void
mount_empty_root(void)
{
    static struct tmpfs root;
    const char *rest;

    if (fs_find("/", &rest))
        return;
    if (tmpfs_mount(&root, "/", 0755))
        log_error("root: no memory for it");
    else
        tmpfs_make_places(&root);
}

static void
mount_at_start(void)
{
    const char *name = cmdline_word(NULL, "root");

    if (fs_mount(&fs_dev_mount))
        panic("fs: /dev is taken");
    (void)fs_mount(&fs_proc_mount); /* nothing else is there yet */
    mount_memory();
    if (name)
        mount_named(name);
    else if (!mount_initrd())
        mount_first_disk();
    mount_empty_root();
    for (int n = 0; (name = cmdline_nth("mount", n)); n++)
        mount_elsewhere(name);
}

static const struct init_hook fs_init = {.order = 20, .run = mount_at_start};
ENLIST(init, fs_init);

const char fs_mount_linked[1];
