/*
 * ls, cat, cd, pwd, sha256 and hexdump: files by the C library alone. A disk is a file too, /dev/vda,
 * and may be called by its short name.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "shell.h"

#define CHUNK 65536 /* bytes read at a time */

/* ---- ls ---- */

static void
mode_text(mode_t mode, char text[11])
{
    char kind = S_ISDIR(mode)   ? 'd'
                : S_ISLNK(mode) ? 'l'
                : S_ISBLK(mode) ? 'b'
                : S_ISCHR(mode) ? 'c'
                                : '-';

    snprintf(text, 11, "%c", kind);
    for (int i = 0; i < 9; i++)
        text[i + 1] = mode >> (8 - i) & 1 ? "rwx"[i % 3] : '-';
    text[10] = '\0';
}

/* One line: `path` is what to look at, `name` what to call it. */
static int
list_one(const char *path, const char *name, bool details)
{
    char target[256] = "", mode[11], date[20];
    struct stat st;

    if (lstat(path, &st) < 0)
        return complain("ls", path);
    if (!details) {
        printf("%s%s\n", name, S_ISDIR(st.st_mode) ? "/" : S_ISLNK(st.st_mode) ? "@" : "");
        return 0;
    }
    mode_text(st.st_mode, mode);
    strftime(date, sizeof(date), "%Y-%m-%d %H:%M", gmtime(&st.st_mtime));
    printf("%s %12lld %s %s", mode, (long long)st.st_size, date, name);
    if (S_ISLNK(st.st_mode) && readlink(path, target, sizeof(target) - 1) > 0)
        printf(" -> %s", target);
    printf("\n");
    return 0;
}

static int
list_folder(DIR *names, const char *path, bool details)
{
    struct dirent *entry;
    int status = 0;

    while (!interrupted && (entry = readdir(names))) {
        char whole[2048];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(whole, sizeof(whole), "%s/%s", path, entry->d_name);
        status |= list_one(whole, entry->d_name, details);
    }
    return status;
}

static int
list(const char *path, bool details, bool title)
{
    struct stat st;

    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return list_one(path, path, details);
    DIR *names = opendir(path);
    if (!names)
        return complain("ls", path);
    if (title)
        printf("%s:\n", path);
    int status = list_folder(names, path, details);
    closedir(names);
    return status;
}

int
cmd_ls(int argc, char **argv)
{
    bool details = argc > 1 && strcmp(argv[1], "-l") == 0;
    int first = 1 + details, status = 0;

    if (argc > first && argv[first][0] == '-')
        return command_usage(argv[0]);
    if (argc == first)
        return list(".", details, false);
    for (int i = first; i < argc; i++)
        status |= list(argv[i], details, argc > first + 1);
    return status;
}

/* ---- where we are ---- */

int
cmd_cd(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "/";

    if (argc > 2)
        return command_usage(argv[0]);
    return chdir(path) < 0 ? complain("cd", path) : 0;
}

int
cmd_pwd(int argc, char **argv)
{
    char path[1024];

    if (argc > 1)
        return command_usage(argv[0]);
    if (!getcwd(path, sizeof(path)))
        return complain("pwd", ".");
    printf("%s\n", path);
    return 0;
}

/* ---- contents ---- */

/* Hand all bytes of an open file to take(); 0 or 1. */
static int
read_all(const char *command, const char *path, int file,
         void (*take)(void *, const char *, size_t), void *arg)
{
    char *data = malloc(CHUNK);
    ssize_t n = 0;

    if (!data)
        return complain(command, path);
    while (!interrupted && (n = read(file, data, CHUNK)) > 0)
        take(arg, data, (size_t)n);
    int status = n < 0 ? complain(command, path) : 0;
    free(data);
    return status;
}

static void
take_print(void *arg, const char *data, size_t len)
{
    fwrite(data, 1, len, arg);
}

int
cmd_cat(int argc, char **argv)
{
    int status = 0;

    if (argc < 2)
        return command_usage(argv[0]);
    for (int i = 1; i < argc; i++) {
        int file = open(argv[i], O_RDONLY | O_CLOEXEC);
        if (file < 0) {
            status = complain("cat", argv[i]);
            continue;
        }
        status |= read_all("cat", argv[i], file, take_print, stdout);
        close(file);
    }
    return status;
}

/* A name without a "/" that is no file may be a disk's. */
static int
open_file_or_disk(const char *name)
{
    char path[64];
    int file = open(name, O_RDONLY | O_CLOEXEC);

    if (file >= 0 || errno != ENOENT || strchr(name, '/') || strlen(name) > 32)
        return file;
    snprintf(path, sizeof(path), "/dev/%s", name);
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        errno = ENOENT;
    return file;
}

static void
take_hash(void *arg, const char *data, size_t len)
{
    sha256_add(arg, data, len);
}

static int
hash_file(const char *name)
{
    struct sha256 hash;
    uint8_t digest[32];
    int file = open_file_or_disk(name);

    if (file < 0)
        return complain("sha256", name);
    sha256_init(&hash);
    int status = read_all("sha256", name, file, take_hash, &hash);
    close(file);
    if (status || interrupted)
        return status;
    sha256_end(&hash, digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        printf("%02x", digest[i]);
    printf("  %s\n", name);
    return 0;
}

int
cmd_sha256(int argc, char **argv)
{
    int status = 0;

    if (argc < 2)
        return command_usage(argv[0]);
    for (int i = 1; i < argc; i++)
        status |= hash_file(argv[i]);
    return status;
}

/* ---- hexdump ---- */

#define ROW 16

static void
print_row(uint64_t at, const unsigned char *row, size_t len)
{
    printf("%08llx ", (unsigned long long)at);
    for (size_t i = 0; i < ROW; i++) {
        if (i == ROW / 2)
            printf(" ");
        if (i < len)
            printf(" %02x", row[i]);
        else
            printf("   ");
    }
    printf("  |");
    for (size_t i = 0; i < len; i++)
        putchar(row[i] >= ' ' && row[i] < 127 ? row[i] : '.');
    printf("|\n");
}

static int
dump(const char *name, int file, uint64_t at, uint64_t left)
{
    unsigned char row[ROW];
    ssize_t n = 0;

    while (!interrupted && left > 0 &&
           (n = pread(file, row, left < ROW ? (size_t)left : ROW, (off_t)at)) > 0) {
        print_row(at, row, (size_t)n);
        at += (uint64_t)n;
        left -= (uint64_t)n;
    }
    return n < 0 ? complain("hexdump", name) : 0;
}

int
cmd_hexdump(int argc, char **argv)
{
    uint64_t at = 0, bytes = INT64_MAX;

    if (argc < 2 || argc > 4)
        return command_usage(argv[0]);
    if ((argc > 2 && !parse_count(argv[2], INT64_MAX / 2, &at)) ||
        (argc > 3 && !parse_count(argv[3], INT64_MAX / 2, &bytes)))
        return 2;
    int file = open_file_or_disk(argv[1]);
    if (file < 0)
        return complain("hexdump", argv[1]);
    int status = dump(argv[1], file, at, bytes);
    close(file);
    return status;
}
