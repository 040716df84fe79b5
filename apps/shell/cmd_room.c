/* mount and df: what is mounted where, and how much room is left there. */
#include <stdio.h>
#include <string.h>
#include "lib/fs/fs.h"
#include "shell.h"

int
cmd_mount(int argc, char **argv)
{
    struct fs_mount *mount = NULL;

    if (argc > 1)
        return command_usage(argv[0]);
    while ((mount = fs_next(mount)))
        printf("%-8s on %s%s\n", mount->type->name, mount->where,
               mount->type->read_only || !mount->type->changes ? " (read-only)" : "");
    return 0;
}

static void
print_room(const struct fs_mount *mount, const struct fs_room *room)
{
    uint64_t used = room->blocks - room->blocks_free;
    unsigned percent =
        (unsigned)(room->blocks ? (used * 100 + room->blocks - 1) / room->blocks : 0);

    printf("%-8s %12llu %12llu %12llu %3u%%  %s\n", mount->type->name,
           (unsigned long long)(room->blocks * room->block_size / 1024),
           (unsigned long long)(used * room->block_size / 1024),
           (unsigned long long)(room->blocks_free * room->block_size / 1024), percent,
           mount->where);
}

int
cmd_df(int argc, char **argv)
{
    struct fs_mount *mount = NULL;

    if (argc > 1)
        return command_usage(argv[0]);
    printf("%-8s %12s %12s %12s %4s  %s\n", "KIND", "KiB", "USED", "FREE", "USE", "ON");
    while ((mount = fs_next(mount))) {
        struct fs_room room = {.block_size = 512};
        if (!mount->type->room)
            continue;
        mount->type->room(mount, &room);
        print_room(mount, &room);
    }
    return 0;
}
