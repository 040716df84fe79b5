/*
 * Names of members: their one canonical form, and the order that makes a tree of a list.
 * Relies on nothing.
 */
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lib/fs/tar.h"

bool
tar_clean_name(const char *from, char to[FS_PATH_MAX])
{
    size_t len = 0;

    to[0] = '\0';
    while (*from) {
        const char *slash = strchr(from, '/');
        size_t part = slash ? (size_t)(slash - from) : strlen(from);
        if (part > FS_NAME_MAX || (part == 2 && from[0] == '.' && from[1] == '.'))
            return false;
        if (part > 0 && !(part == 1 && from[0] == '.')) {
            /* Room for the "/" of the mount in front as well. */
            if (len + 1 + part + 1 >= FS_PATH_MAX)
                return false;
            if (len > 0)
                to[len++] = '/';
            memcpy(to + len, from, part);
            len += part;
            to[len] = '\0';
        }
        from += part + (slash != NULL);
    }
    return true;
}

int
tar_compare_names(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    unsigned char x = (unsigned char)*a, y = (unsigned char)*b;
    if (x == y)
        return 0;
    if (!x || !y)
        return x ? 1 : -1;
    if (x == '/' || y == '/')
        return x == '/' ? -1 : 1;
    return x < y ? -1 : 1;
}

bool
tar_is_below(const char *name, const char *directory)
{
    size_t len = strlen(directory);

    if (len == 0)
        return name[0] != '\0';
    return strncmp(name, directory, len) == 0 && name[len] == '/';
}
