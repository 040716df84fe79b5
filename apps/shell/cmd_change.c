/*
 * cp, mv, rm and mkdir. Where nothing can be changed (a tar archive without an overlay) the system's own
 * word says so. A copy that fails half-way stays, as elsewhere, and the exit status tells.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "shell.h"

#define CHUNK     65536 /* bytes copied at a time */
#define PATH_SIZE 1024
#define DEPTH_MAX 32 /* folders in folders, each with a path on the stack */

static const char *who; /* the command, for messages */

/* "FOLDER/NAME" into `to`; false, with a line, if that is longer than any path may be. */
static bool
path_below(const char *folder, const char *name, char to[PATH_SIZE])
{
    size_t len = strlen(folder);
    const char *slash = len > 0 && folder[len - 1] == '/' ? "" : "/";

    if (snprintf(to, PATH_SIZE, "%s%s%s", folder, slash, name) < PATH_SIZE)
        return true;
    errno = ENAMETOOLONG;
    complain(who, name);
    return false;
}

static const char *
last_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

static bool
is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Call each() for every name in a folder; the names are read first, since each() may remove them. */
static int
for_each_name(const char *folder, int depth,
              int (*each)(const char *path, const char *name, int depth, void *arg), void *arg)
{
    struct dirent **names;
    char path[PATH_SIZE];
    int status = 0;

    if (depth >= DEPTH_MAX) {
        errno = ELOOP;
        return complain(who, folder);
    }
    int count = scandir(folder, &names, NULL, alphasort);
    if (count < 0)
        return complain(who, folder);
    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        if (!interrupted && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            status |= path_below(folder, name, path) ? each(path, name, depth + 1, arg) : 1;
        free(names[i]);
    }
    free(names);
    return status;
}

/* ---- rm ---- */

static int
remove_tree(const char *path, const char *name, int depth, void *recursive)
{
    struct stat st;
    int status = 0;

    (void)name;
    if (lstat(path, &st) < 0)
        return complain(who, path);
    if (!S_ISDIR(st.st_mode))
        return unlink(path) < 0 ? complain(who, path) : 0;
    if (!recursive) {
        errno = EISDIR;
        return complain(who, path);
    }
    status = for_each_name(path, depth, remove_tree, recursive);
    return status || interrupted ? 1 : rmdir(path) < 0 ? complain(who, path) : 0;
}

int
cmd_rm(int argc, char **argv)
{
    bool recursive = argc > 1 && strcmp(argv[1], "-r") == 0;
    int first = 1 + recursive, status = 0;

    who = argv[0];
    if (argc <= first || argv[first][0] == '-')
        return command_usage(argv[0]);
    for (int i = first; i < argc; i++)
        status |= remove_tree(argv[i], NULL, 0, recursive ? argv : NULL);
    return status;
}

/* ---- mkdir ---- */

int
cmd_mkdir(int argc, char **argv)
{
    int status = 0;

    who = argv[0];
    if (argc < 2)
        return command_usage(argv[0]);
    for (int i = 1; i < argc; i++)
        if (mkdir(argv[i], 0755) < 0)
            status = complain(who, argv[i]);
    return status;
}

/* ---- cp ---- */

static int
copy_bytes(int in, int out, const char *from, const char *to)
{
    char *data = malloc(CHUNK);
    ssize_t n = 0;
    int status = 0;

    if (!data)
        return complain(who, from);
    while (!interrupted && status == 0 && (n = read(in, data, CHUNK)) > 0)
        if (!write_all(out, data, (size_t)n))
            status = complain(who, to);
    if (n < 0)
        status = complain(who, from);
    free(data);
    return status || interrupted;
}

static int
copy_file(const char *from, const char *to, mode_t mode)
{
    struct stat a, b;
    int in = open(from, O_RDONLY | O_CLOEXEC), out;

    if (in < 0)
        return complain(who, from);
    if (fstat(in, &a) == 0 && stat(to, &b) == 0 && a.st_dev == b.st_dev &&
        a.st_ino == b.st_ino) {
        fprintf(stderr, "%s: %s and %s are the same file\n", who, from, to);
        close(in);
        return 1;
    }
    out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode & 0777);
    if (out < 0) {
        int status = complain(who, to);
        close(in);
        return status;
    }
    int status = copy_bytes(in, out, from, to);
    close(in);
    if (close(out) < 0)
        status = complain(who, to);
    return status;
}

static int
copy_link(const char *from, const char *to)
{
    char target[PATH_SIZE];
    ssize_t n = readlink(from, target, sizeof(target) - 1);

    if (n < 0)
        return complain(who, from);
    target[n] = '\0';
    return symlink(target, to) < 0 ? complain(who, to) : 0;
}

static int copy_tree(const char *from, const char *to, bool recursive, int depth);

static int
copy_into(const char *from, const char *name, int depth, void *folder)
{
    char to[PATH_SIZE];

    return path_below(folder, name, to) ? copy_tree(from, to, true, depth) : 1;
}

static int
copy_tree(const char *from, const char *to, bool recursive, int depth)
{
    struct stat st;

    if ((recursive ? lstat(from, &st) : stat(from, &st)) < 0)
        return complain(who, from);
    if (S_ISLNK(st.st_mode))
        return copy_link(from, to);
    if (!S_ISDIR(st.st_mode))
        return copy_file(from, to, st.st_mode);
    if (!recursive) {
        errno = EISDIR;
        return complain(who, from);
    }
    if (mkdir(to, st.st_mode & 0777) < 0 && (errno != EEXIST || !is_folder(to)))
        return complain(who, to);
    return for_each_name(from, depth, copy_into, (void *)to);
}

/* A folder that is copied into itself would never end. */
static bool
lies_below(const char *path, const char *folder)
{
    char whole[PATH_SIZE], above[PATH_SIZE];
    char *end;

    if (!realpath(folder, above))
        return false;
    snprintf(whole, sizeof(whole), "%s", path);
    for (;;) {
        char real[PATH_SIZE];
        if (realpath(whole, real)) {
            size_t len = strlen(above);
            return strncmp(real, above, len) == 0 &&
                   (real[len] == '/' || real[len] == '\0' || len == 1);
        }
        end = strrchr(whole, '/');
        if (!end)
            return realpath(".", real) && strcmp(real, above) == 0;
        end[end == whole] = '\0';
    }
}

/* The last word is where the others go: a folder, or for one alone its new name. */
static int
each_to_last(int argc, char **argv, int first, bool recursive,
             int (*act)(const char *from, const char *to, bool recursive))
{
    const char *last = argv[argc - 1];
    bool folder = is_folder(last);
    char to[PATH_SIZE];
    int status = 0;

    if (!folder && argc - first > 2) {
        errno = ENOTDIR;
        return complain(who, last);
    }
    for (int i = first; i < argc - 1 && !interrupted; i++) {
        if (!folder)
            status |= act(argv[i], last, recursive);
        else if (path_below(last, last_name(argv[i]), to))
            status |= act(argv[i], to, recursive);
        else
            status = 1;
    }
    return status;
}

static int
copy(const char *from, const char *to, bool recursive)
{
    if (recursive && is_folder(from) && lies_below(to, from)) {
        fprintf(stderr, "%s: %s lies in %s itself\n", who, to, from);
        return 1;
    }
    return copy_tree(from, to, recursive, 0);
}

int
cmd_cp(int argc, char **argv)
{
    bool recursive = argc > 1 && strcmp(argv[1], "-r") == 0;

    who = argv[0];
    if (argc < 3 + recursive)
        return command_usage(argv[0]);
    return each_to_last(argc, argv, 1 + recursive, recursive, copy);
}

/* ---- mv ---- */

/* Between file systems it is a copy, and the old one goes once that is whole. */
static int
move(const char *from, const char *to, bool unused)
{
    (void)unused;
    if (rename(from, to) == 0)
        return 0;
    if (errno != EXDEV)
        return complain(who, from);
    int status = copy(from, to, true);
    return status ? status : remove_tree(from, NULL, 0, (void *)to);
}

int
cmd_mv(int argc, char **argv)
{
    who = argv[0];
    if (argc < 3)
        return command_usage(argv[0]);
    return each_to_last(argc, argv, 1, false, move);
}
