/* Names that are made, moved and taken away, in a file system in memory. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include "show.h"

#define NOREPLACE 1
#define EXCHANGE  2

static struct stat st;

/* What stat tells of a file, or -1. */
static int
touch(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0666);

    return fd < 0 ? -1 : close(fd);
}

static long
mode_of(const char *path)
{
    return lstat(path, &st) ? -1 : (long)st.st_mode;
}

static long
links_of(const char *path)
{
    return lstat(path, &st) ? -1 : (long)st.st_nlink;
}

static long
inode_of(const char *path)
{
    return lstat(path, &st) ? -1 : (long)st.st_ino;
}

static int
rename2(const char *from, const char *to, unsigned flags)
{
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory, sorted, in one text. */
static const char *
names_in(const char *path)
{
    static char text[2000];
    char *seen[100];
    int count = 0;
    struct dirent *entry;
    DIR *dir = opendir(path);

    if (!dir)
        return NULL;
    while (count < 100 && (entry = readdir(dir)))
        seen[count++] = strdup(entry->d_name);
    closedir(dir);
    qsort(seen, (size_t)count, sizeof(seen[0]), by_name);
    text[0] = '\0';
    for (int i = 0; i < count; i++) {
        strcat(strcat(text, i ? " " : ""), seen[i]);
        free(seen[i]);
    }
    return text;
}

static void
making(void)
{
    int fd;

    SHOW(mkdir("/tmp/c", 0777));
    SHOW(chdir("/tmp/c"));
    SHOW(mode_of("/tmp/c"));
    SHOW(links_of("/tmp/c"));
    SHOW_TEXT(names_in("."));
    SHOW(fd = open("new", O_WRONLY | O_CREAT | O_EXCL, 0666));
    SHOW(close(fd));
    SHOW(mode_of("new"));
    SHOW(links_of("new"));
    SHOW(st.st_size);
    SHOW(st.st_blocks);
    SHOW(st.st_uid + st.st_gid);
    SHOW(open("new", O_WRONLY | O_CREAT | O_EXCL, 0666));
    SHOW(close(open("new", O_RDWR | O_CREAT, 0666)));
    SHOW(open("new/", O_RDWR | O_CREAT, 0666));
    SHOW(open("other/", O_RDWR | O_CREAT, 0666));
    SHOW(open(".", O_RDWR | O_CREAT, 0666));
    SHOW(open("..", O_RDONLY | O_CREAT, 0666));
    SHOW(open("new/x", O_RDWR | O_CREAT, 0666));
    SHOW(open("nothere/x", O_RDWR | O_CREAT, 0666));
    SHOW(open("new", O_RDONLY | O_DIRECTORY));
    SHOW(open("xx", O_RDWR | O_CREAT | O_DIRECTORY, 0666));
    SHOW(umask(0));
    SHOW(close(open("open", O_RDWR | O_CREAT, 07777)));
    SHOW(mode_of("open"));
    SHOW(mkdir("wide", 07777));
    SHOW(mode_of("wide"));
    SHOW(umask(077));
    SHOW(mkdir("narrow", 0777));
    SHOW(mode_of("narrow"));
    SHOW(umask(022));
    SHOW(close(open("closed", O_RDWR | O_CREAT | O_EXCL, 0)));
    SHOW(mode_of("closed"));
    SHOW(close(open("closed", O_RDWR)));
    SHOW(access("closed", R_OK | W_OK));
    SHOW(access("closed", X_OK));
    SHOW(access(".", W_OK | X_OK));
    SHOW(mkdir("new", 0777));
    SHOW(mkdir("dir/", 0777));
    SHOW(mkdir("dir/", 0777));
    SHOW(mkdir("dir/.", 0777));
    SHOW(mkdir("dir/..", 0777));
    SHOW(mkdir("new/x", 0777));
    SHOW(mkdir("nothere/x", 0777));
    SHOW(mkdir("", 0777));
    SHOW(mkdir("dir/sub", 0777));
    SHOW(links_of("dir"));
    SHOW(links_of("."));
    SHOW_TEXT(names_in("."));
}

static void
special(void)
{
    SHOW(mkfifo("pipe", 0666));
    SHOW(mode_of("pipe"));
    SHOW(mkfifo("pipe", 0666));
    SHOW(mknod("plain", 0600, 0));
    SHOW(mode_of("plain"));
    SHOW(mknod("socket", S_IFSOCK | 0600, 0));
    SHOW(mode_of("socket"));
    SHOW(mknod("wrong", S_IFDIR | 0600, 0));
    SHOW(mknod("wrong", S_IFLNK | 0600, 0));
    SHOW(mknod("wrong/", S_IFREG | 0600, 0));
    SHOW(open("socket", O_RDWR));
    SHOW(unlink("pipe"));
    SHOW(unlink("plain"));
    SHOW(unlink("socket"));
}

static void
symbolic(void)
{
    char text[100] = "";

    SHOW(symlink("new", "soft"));
    SHOW(mode_of("soft"));
    SHOW(st.st_size);
    SHOW(symlink("new", "soft"));
    SHOW(symlink("new", "soft2/"));
    SHOW(symlink("", "soft2"));
    SHOW(symlink("nothere", "dangling"));
    SHOW(symlink("dir", "todir"));
    SHOW(readlink("soft", text, sizeof(text)));
    SHOW_TEXT(text);
    SHOW(readlink("soft", text, 2));
    SHOW(readlink("new", text, sizeof(text)));
    SHOW(open("soft", O_RDONLY | O_NOFOLLOW));
    SHOW(open("soft", O_WRONLY | O_CREAT | O_EXCL, 0666));
    SHOW(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0666));
    SHOW(close(open("dangling", O_WRONLY | O_CREAT, 0666))); /* makes what it leads to */
    SHOW(mode_of("nothere"));
    SHOW(unlink("nothere"));
    SHOW(mkdir("dangling", 0777));
    SHOW(mkdir("dangling/", 0777));
    SHOW(rmdir("todir"));
    SHOW(rmdir("todir/"));
    SHOW(unlink("todir/"));
    SHOW(unlink("soft/"));
    SHOW(unlink("todir"));
    SHOW(mode_of("dir"));
    SHOW(unlink("dangling"));
    SHOW(unlink("soft"));
    SHOW(unlink("soft"));
}

static void
removing(void)
{
    SHOW(unlink("dir"));
    SHOW(unlink("dir/"));
    SHOW(unlink("."));
    SHOW(unlink("new/"));
    SHOW(unlink("nothere"));
    SHOW(unlink("new/x"));
    SHOW(unlink(""));
    SHOW(rmdir("new"));
    SHOW(rmdir("new/"));
    SHOW(rmdir("dir"));
    SHOW(rmdir("dir/."));
    SHOW(rmdir("dir/.."));
    SHOW(rmdir("/"));
    SHOW(rmdir("/tmp"));
    SHOW(rmdir("/tmp/"));
    SHOW(unlink("/tmp"));
    SHOW(mkdir("/tmp", 0777));
    SHOW(rmdir("nothere"));
    SHOW(rmdir("dir/sub/"));
    SHOW(links_of("dir"));
    SHOW(unlinkat(AT_FDCWD, "dir", 0));
    SHOW(unlinkat(AT_FDCWD, "dir", 77));
    SHOW(unlinkat(AT_FDCWD, "new", AT_REMOVEDIR));
    SHOW(unlinkat(AT_FDCWD, "dir", AT_REMOVEDIR));
    SHOW(unlink("new"));
    SHOW(access("new", F_OK));
    SHOW(remove("wide"));
    SHOW(remove("narrow"));
    SHOW(remove("open"));
    SHOW(remove("closed"));
    SHOW_TEXT(names_in("."));
}

static void
renaming(void)
{
    long inode;
    int fd;
    char byte;

    SHOW(touch("a"));
    SHOW_TRUTH((inode = inode_of("a")) > 0);
    SHOW(rename("a", "b"));
    SHOW(access("a", F_OK));
    SHOW_TRUTH(inode_of("b") == inode);
    SHOW(rename("a", "b"));
    SHOW(rename("b", "b"));
    SHOW(rename("b", "./b"));
    SHOW(rename("b", "nothere/b"));
    SHOW(rename("b", "c/"));
    SHOW(rename("b/", "c"));
    SHOW(rename("b", "b/c"));
    SHOW(rename("b", ""));
    SHOW(rename("", "b"));
    SHOW(rename(".", "c"));
    SHOW(rename("b", "."));
    SHOW(rename("b", ".."));
    SHOW(rename("/", "c"));
    SHOW(rename("b", "/"));
    SHOW(rename("b", "/run/b"));
    SHOW(rename("b", "/dir/b"));
    SHOW(rename("/tmp", "/tmp2"));
    SHOW(rename("b", "/tmp"));
    SHOW(touch("a"));
    SHOW(fd = open("b", O_RDWR));
    SHOW(write(fd, "b", 1));
    SHOW(rename("a", "b")); /* over one that is open */
    SHOW_TRUTH(inode_of("b") != inode);
    SHOW(st.st_size);
    SHOW(fstat(fd, &st));
    SHOW(st.st_nlink);
    SHOW(pread(fd, &byte, 1, 0));
    SHOW(byte);
    SHOW(close(fd));
    SHOW(mkdir("d", 0777));
    SHOW(mkdir("d/e", 0777));
    SHOW(mkdir("f", 0777));
    SHOW(rename("b", "d"));
    SHOW(rename("d", "b"));
    SHOW(rename("d", "d/e/x"));
    SHOW(rename("d", "d/x"));
    SHOW(rename("d/e", "d"));
    SHOW(rename("f", "d"));
    SHOW(rename("d", "f"));
    SHOW(links_of("f"));
    SHOW(links_of("."));
    SHOW_TEXT(names_in("f"));
    SHOW(rename("f/e", "e/"));
    SHOW(links_of("f"));
    SHOW(links_of("."));
    SHOW(rename("e", "f/g"));
    SHOW_TEXT(names_in("f"));
    SHOW(link("b", "b2"));
    SHOW(rename("b", "b2")); /* two names of one file: nothing happens */
    SHOW(access("b", F_OK) + access("b2", F_OK));
    SHOW(links_of("b"));
    SHOW(rename("b2", "b3"));
    SHOW_TEXT(names_in("."));
}

static void
renaming_with_flags(void)
{
    long b = inode_of("b"), f = inode_of("f");

    SHOW(rename2("b", "b3", NOREPLACE));
    SHOW(rename2("b", "new", NOREPLACE));
    SHOW(rename2("new", "b", NOREPLACE));
    SHOW(rename2("b", ".", NOREPLACE));
    SHOW(rename2("b", "nothere", EXCHANGE));
    SHOW(rename2("b", "f", EXCHANGE));
    SHOW_TRUTH(inode_of("f") == b && inode_of("b") == f);
    SHOW(mode_of("b"));
    SHOW_TEXT(names_in("b"));
    SHOW(rename2("b", "b/g", EXCHANGE));
    SHOW(rename2("b/g", "b", EXCHANGE));
    SHOW(rename2("f", "b", EXCHANGE));
    SHOW(rename2("b", "f", EXCHANGE | NOREPLACE));
    SHOW(rename2("b", "f", 64));
    SHOW(links_of("f"));
}

static void
linking(void)
{
    SHOW(links_of("b"));
    SHOW(link("b", "hard"));
    SHOW(links_of("b"));
    SHOW_TRUTH(inode_of("hard") == inode_of("b"));
    SHOW(link("b", "hard"));
    SHOW(link("b", "hard2/"));
    SHOW(link("b/", "hard2"));
    SHOW(link("f", "hard2"));
    SHOW(link("nothere", "hard2"));
    SHOW(link("b", "nothere/x"));
    SHOW(link("b", "/run/b"));
    SHOW(link("/dir/a.txt", "hard2"));
    SHOW(link("b", "/dir/b2"));
    SHOW(symlink("b", "soft"));
    SHOW(link("soft", "soft2"));
    SHOW(mode_of("soft2"));
    SHOW(links_of("soft"));
    SHOW(linkat(AT_FDCWD, "soft", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW));
    SHOW(mode_of("followed"));
    SHOW(linkat(AT_FDCWD, "soft", AT_FDCWD, "followed", 77));
    SHOW(unlink("soft"));
    SHOW(unlink("soft2"));
    SHOW(unlink("followed"));
    SHOW(unlink("hard"));
    SHOW(links_of("b"));
}

/* A directory is held as what it is, not as what it was called. */
static void
held_directories(void)
{
    char path[100], entries[1000];
    int fd;

    SHOW(mkdir("w", 0777));
    SHOW(mkdir("w/x", 0777));
    SHOW(touch("w/x/file"));
    SHOW(fd = open("w/x", O_RDONLY));
    SHOW(chdir("w/x"));
    SHOW(rename("/tmp/c/w", "/tmp/c/v"));
    SHOW_TEXT(getcwd(path, sizeof(path)));
    SHOW(access("file", F_OK));
    SHOW(access("../../b", F_OK));
    SHOW(faccessat(fd, "file", F_OK, 0));
    SHOW(unlinkat(fd, "file", 0));
    SHOW(rmdir("/tmp/c/v/x"));
    SHOW_TEXT(getcwd(path, sizeof(path)));
    SHOW(access("file", F_OK));
    SHOW(open("file", O_CREAT | O_RDWR, 0666));
    SHOW(stat(".", &st));
    SHOW(st.st_nlink);
    SHOW(mkdir("dir", 0777));
    SHOW(openat(fd, "file", O_CREAT | O_RDWR, 0666));
    SHOW(fstat(fd, &st));
    SHOW(st.st_nlink);
    SHOW(syscall(SYS_getdents64, fd, entries, sizeof(entries)));
    SHOW(fchmod(fd, 0700));
    SHOW(chdir("/tmp/c"));
    SHOW(fchdir(99));
    SHOW(close(fd));
    SHOW(rmdir("v"));
    SHOW(chdir("b"));
    SHOW(chdir("nothere"));
}

/* Where a reader of a directory goes on while names go and come. */
static void
positions(void)
{
    char name[300];
    int seen[40] = {0}, twice = 0, kept = 0;
    struct dirent *entry;
    long middle = 0;
    DIR *dir;

    SHOW(mkdir("many", 0777));
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "many/%d", i);
        touch(name);
    }
    SHOW_TRUTH((dir = opendir("many")) != NULL);
    for (int i = 0; i < 42 && (entry = readdir(dir)); i++) {
        if (entry->d_name[0] == '.')
            continue;
        seen[atoi(entry->d_name)]++;
        if (i == 20) {
            middle = telldir(dir);
            snprintf(name, sizeof(name), "many/%s", entry->d_name);
            unlink(name); /* the one that the position lies behind */
        }
    }
    SHOW_TRUTH(readdir(dir) == NULL);
    for (int i = 0; i < 40; i++)
        twice += seen[i] != 1;
    SHOW(twice);
    seekdir(dir, middle);
    while ((entry = readdir(dir)))
        kept += seen[atoi(entry->d_name)]++;
    SHOW(kept);
    rewinddir(dir);
    for (kept = 0; (entry = readdir(dir));)
        kept++;
    SHOW(kept);
    SHOW(closedir(dir));
    SHOW(stat("many", &st));
    SHOW(st.st_size);
    SHOW(st.st_nlink);
    SHOW(rmdir("many"));
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "many/%d", i);
        unlink(name);
    }
    SHOW(stat("many", &st));
    SHOW(st.st_size);
    SHOW(rmdir("many"));
}

static long
of_times(const char *path)
{
    return lstat(path, &st) ? -1 : (long)(st.st_atim.tv_sec * 1000 + st.st_mtim.tv_sec);
}

static void
attributes(void)
{
    struct timespec when[2] = {{1, 5}, {2, 999999999}};
    int fd;

    SHOW(touch("t"));
    SHOW(chmod("t", 04751));
    SHOW(mode_of("t"));
    SHOW(chown("t", 5, 6));
    SHOW(mode_of("t"));
    SHOW(st.st_uid * 100 + st.st_gid);
    SHOW(chown("t", -1, 7));
    SHOW(lstat("t", &st) + st.st_uid * 100 + st.st_gid);
    SHOW(access("t", X_OK));
    SHOW(chmod("t", 0));
    SHOW(access("t", R_OK));
    SHOW(access("t", X_OK));
    SHOW(chmod("nothere", 0));
    SHOW(chmod("t/", 0));
    SHOW(symlink("t", "soft"));
    SHOW(chmod("soft", 0640));
    SHOW(mode_of("t"));
    SHOW(mode_of("soft"));
    SHOW(lchown("soft", 8, 9));
    SHOW(lstat("soft", &st) + st.st_uid * 100 + st.st_gid);
    SHOW(lstat("t", &st) + st.st_uid * 100 + st.st_gid);
    SHOW(utimensat(AT_FDCWD, "t", when, 0));
    SHOW(of_times("t"));
    SHOW(st.st_atim.tv_nsec);
    SHOW(st.st_mtim.tv_nsec);
    SHOW_TRUTH(st.st_ctim.tv_sec > 1000000000);
    when[0].tv_nsec = UTIME_OMIT;
    when[1] = (struct timespec){10000000000, 0};
    SHOW(utimensat(AT_FDCWD, "t", when, 0));
    SHOW(lstat("t", &st) + st.st_atim.tv_sec);
    SHOW_TRUTH(st.st_mtim.tv_sec == 10000000000);
    when[1].tv_nsec = UTIME_NOW;
    SHOW(utimensat(AT_FDCWD, "t", when, 0));
    SHOW_TRUTH(lstat("t", &st) == 0 && st.st_mtim.tv_sec > 1000000000 &&
               st.st_mtim.tv_sec < 10000000000);
    when[1].tv_nsec = UTIME_OMIT;
    SHOW(utimensat(AT_FDCWD, "nothere", when, 0));
    when[1].tv_nsec = 1000000000;
    SHOW(utimensat(AT_FDCWD, "t", when, 0));
    when[1].tv_nsec = 7;
    SHOW(utimensat(AT_FDCWD, "nothere", when, 0));
    SHOW(utimensat(AT_FDCWD, "t", when, 77));
    SHOW(utimensat(99, "t", when, 0));
    when[0] = when[1] = (struct timespec){3, 0};
    SHOW(utimensat(AT_FDCWD, "soft", when, AT_SYMLINK_NOFOLLOW));
    SHOW(of_times("soft"));
    SHOW(fd = open("t", O_RDONLY));
    SHOW(futimens(fd, when));
    SHOW(of_times("t"));
    SHOW(fchmod(fd, 0600));
    SHOW(fchown(fd, 1, 2));
    SHOW(fstat(fd, &st) + (long)st.st_mode + st.st_uid + st.st_gid);
    SHOW(close(fd));
    SHOW(fchmod(99, 0600));
    SHOW(fchown(99, 1, 2));
    SHOW(futimens(99, when));
    SHOW(unlink("soft"));
    SHOW(unlink("t"));
    SHOW(mkdir("group", 0777));
    SHOW(chown("group", -1, 44));
    SHOW(chmod("group", 02777));
    SHOW(touch("group/file"));
    SHOW(mkdir("group/dir", 0755));
    SHOW(lstat("group/file", &st) + (long)st.st_gid);
    SHOW(mode_of("group/dir"));
    SHOW(st.st_gid);
    SHOW(rmdir("group/dir"));
    SHOW(unlink("group/file"));
    SHOW(rmdir("group"));
}

/* Which times move. */
static void
times(void)
{
    struct timespec old[2] = {{5, 0}, {5, 0}};
    int fd, dir;
    char byte;

    SHOW(mkdir("when", 0777));
    SHOW(dir = open("when", O_RDONLY));
    SHOW(futimens(dir, old));
    SHOW(touch("when/a"));
    SHOW_TRUTH(fstat(dir, &st) == 0 && st.st_mtim.tv_sec > 5);
    SHOW(futimens(dir, old));
    SHOW(fd = open("when/a", O_RDWR));
    SHOW(futimens(fd, old));
    SHOW(close(open("when/a", O_RDWR)));
    SHOW(of_times("when/a"));
    SHOW(write(fd, "x", 1));
    SHOW_TRUTH(fstat(fd, &st) == 0 && st.st_mtim.tv_sec > 5);
    SHOW(st.st_atim.tv_sec);
    SHOW(pread(fd, &byte, 1, 0));
    SHOW_TRUTH(fstat(fd, &st) == 0 &&
               st.st_atim.tv_sec > 5); /* as it was read after a change */
    SHOW(futimens(fd, old));
    SHOW(ftruncate(fd, 100));
    SHOW_TRUTH(fstat(fd, &st) == 0 && st.st_mtim.tv_sec > 5);
    SHOW(futimens(fd, old));
    SHOW(close(open("when/a", O_RDWR | O_TRUNC)));
    SHOW_TRUTH(fstat(fd, &st) == 0 && st.st_mtim.tv_sec > 5);
    SHOW(fstat(dir, &st) + (long)st.st_mtim.tv_sec); /* none of it is the directory's */
    SHOW(rename("when/a", "when/b"));
    SHOW_TRUTH(fstat(dir, &st) == 0 && st.st_mtim.tv_sec > 5);
    SHOW(futimens(dir, old));
    SHOW(link("when/b", "when/c"));
    SHOW_TRUTH(fstat(dir, &st) == 0 && st.st_mtim.tv_sec > 5);
    SHOW(futimens(dir, old));
    SHOW(unlink("when/c"));
    SHOW_TRUTH(fstat(dir, &st) == 0 && st.st_mtim.tv_sec > 5);
    SHOW(unlink("when/b"));
    SHOW(close(fd));
    SHOW(close(dir));
    SHOW(rmdir("when"));
}

static void
mounts(void)
{
    struct statvfs fs;
    char path[100];

    SHOW(chdir("/dev/shm/.."));
    SHOW_TEXT(getcwd(path, sizeof(path)));
    SHOW(chdir("/tmp/../run/./"));
    SHOW_TEXT(getcwd(path, sizeof(path)));
    SHOW(touch("../dev/shm/x"));
    SHOW(access("/dev/shm/x", R_OK | W_OK));
    SHOW(unlink("/dev/shm/x"));
    SHOW(mode_of("/tmp"));
    SHOW(mode_of("/run"));
    SHOW(mode_of("/dev/shm"));
    SHOW(statvfs("/tmp", &fs));
    SHOW(fs.f_bsize);
    SHOW(fs.f_namemax);
    SHOW(fs.f_flag & ST_RDONLY);
    SHOW_TRUTH(fs.f_blocks > 1000 && fs.f_bfree <= fs.f_blocks && fs.f_bfree > 0);
    SHOW_TRUTH(fs.f_files > 1000 && fs.f_ffree < fs.f_files);
    SHOW(chdir("/tmp/c"));
    SHOW_TRUTH(stat("/tmp", &st) == 0 && st.st_dev != (stat("/run", &st), st.st_dev));
}

static void
handles(void)
{
    char byte;
    int fd, dir;

    SHOW(fd = open("b", O_PATH));
    SHOW(read(fd, &byte, 1));
    SHOW(write(fd, &byte, 1));
    SHOW(fstat(fd, &st));
    SHOW(st.st_mode);
    SHOW(close(fd));
    SHOW(symlink("b", "soft"));
    SHOW(fd = open("soft", O_PATH | O_NOFOLLOW));
    SHOW(fstat(fd, &st));
    SHOW(st.st_mode);
    SHOW(close(fd));
    SHOW(unlink("soft"));
    SHOW(open("b", O_PATH | O_DIRECTORY));
    SHOW(open("nothere", O_PATH));
    SHOW(dir = open("/tmp/c", O_PATH));
    SHOW(close(openat(dir, "b", O_RDONLY)));
    SHOW(fchdir(dir));
    SHOW(syscall(SYS_getdents64, dir, &byte, 1));
    SHOW(close(dir));
    SHOW(dir = open("/dir", O_PATH | O_DIRECTORY));
    SHOW(close(openat(dir, "a.txt", O_RDONLY)));
    SHOW(close(dir));
    SHOW(fd = open(".", O_TMPFILE | O_RDWR, 0600));
    SHOW(write(fd, "unseen", 6));
    SHOW(fstat(fd, &st));
    SHOW(st.st_nlink);
    SHOW(st.st_mode);
    SHOW(close(fd));
    SHOW(open(".", O_TMPFILE | O_RDONLY, 0600));
    SHOW(open("b", O_TMPFILE | O_RDWR, 0600));
    SHOW(open("/dir", O_TMPFILE | O_RDWR, 0600));
    SHOW_TEXT(names_in("."));
}

static int failures;

static void *
change_much(void *nothing)
{
    failures += mkdir("small", 0700) != 0;
    failures += touch("small/a") != 0;
    failures += rename("small/a", "small/b") != 0;
    failures += link("small/b", "small/c") != 0;
    failures += chmod("small/b", 0600) != 0;
    failures += links_of("small/c") != 2;
    failures += unlink("small/b") + unlink("small/c") + rmdir("small") != 0;
    return nothing;
}

/* As little stack as a thread can have. */
static void
small_stacks(void)
{
    pthread_attr_t attributes;
    pthread_t thread;

    SHOW_CODE(pthread_attr_init(&attributes));
    SHOW_CODE(pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN));
    SHOW_CODE(pthread_create(&thread, &attributes, change_much, NULL));
    SHOW_CODE(pthread_join(thread, NULL));
    SHOW(failures);
}

static void
clearing(void)
{
    SHOW(unlink("b"));
    SHOW(unlink("b3"));
    SHOW(rmdir("f/g"));
    SHOW(rmdir("f"));
    SHOW_TEXT(names_in("."));
    SHOW(chdir("/"));
    SHOW(rmdir("/tmp/c"));
}

void
changes(void)
{
    making();
    special();
    symbolic();
    removing();
    renaming();
    renaming_with_flags();
    linking();
    held_directories();
    positions();
    attributes();
    times();
    mounts();
    handles();
    small_stacks();
    clearing();
}
