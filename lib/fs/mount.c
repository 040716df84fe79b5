/*
 * What is mounted when the image starts: /dev, memory on /tmp, /run and /dev/shm, and on "/" the
 * tar archive that the word root=initrd, root=vda or root=vda2 names; with ",overlay" behind the
 * name changes to it are kept in memory. Without that word it is the initrd if it holds an
 * archive, else vda if that does, else the first partition of vda that does, else memory, empty at
 * first. Runs once, after the devices were found.
 */
#include "kernel/boot_info.h"
#include "kernel/cmdline.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lib/fs/fs.h"
#include "lib/fs/calls.h"
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

static struct fs_reader *
disk_reader(const char *name)
{
    struct disk_device *disk = disk_find(name);

    return disk ? fs_reader_disk(disk) : NULL;
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

/* What the user named, and whether it ends in ",overlay". */
static void
mount_named(const char *word)
{
    const char *comma = strchr(word, ',');
    size_t len = comma ? (size_t)(comma - word) : strlen(word);
    char name[NAME_MAX] = "";

    if (comma && strcmp(comma, ",overlay") != 0) {
        log_error("root: %s is no way to mount it (\",overlay\" is), so there are no files",
                  comma);
        return;
    }
    memcpy(name, word, MIN(len, sizeof(name) - 1));
    bool initrd = strcmp(name, "initrd") == 0;
    struct fs_reader *reader = initrd ? initrd_reader() : disk_reader(name);

    if (reader)
        mount_root(reader, comma);
    else if (initrd)
        log_error("root: there is no initrd to read, so there are no files");
    else
        log_error("root: there is no disk %s to read, so there are no files", name);
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
        struct fs_reader *reader = d == first || d->whole == first ? fs_reader_disk(d) : NULL;
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
    mount_memory();
    if (name)
        mount_named(name);
    else if (!mount_initrd())
        mount_first_disk();
    mount_empty_root();
}

static const struct init_hook fs_init = {.order = 20, .run = mount_at_start};
ENLIST(init, fs_init);

const char fs_mount_linked[1];
