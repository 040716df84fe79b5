/* Names: of what is there, of what is not, of what may not be made. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <unistd.h>
#include "show.h"

static struct stat st;
static char buffer[5000];

static const char *
name_of(int length)
{
    memset(buffer, 'x', (size_t)length);
    buffer[length] = '\0';
    return buffer;
}

/* "/././.../dir/a.txt", so long. */
static const char *
path_of(int length)
{
    static const char end[] = "dir/a.txt";
    int front = length - (int)strlen(end);

    for (int i = 0; i < front; i++)
        buffer[i] = i % 2 ? '.' : '/';
    buffer[front - 1] = '/';
    strcpy(buffer + front, end);
    return buffer;
}

static void
opening(void)
{
    SHOW(close(open("/dir/a.txt", O_RDONLY)));
    SHOW(close(open("dir/a.txt", O_RDONLY)));
    SHOW(close(open("//dir///./sub/../a.txt", O_RDONLY)));
    SHOW(close(open("/../dir/a.txt", O_RDONLY)));
    SHOW(close(open("/link.txt", O_RDONLY)));
    SHOW(close(open("/dirlink/b.txt", O_RDONLY)));
    SHOW(close(open("/dirlink/../dir/b.txt", O_RDONLY)));
    SHOW(open("/nothere", O_RDONLY));
    SHOW(open("/nothere/x", O_RDONLY));
    SHOW(open("", O_RDONLY));
    SHOW(open("/dir/a.txt/", O_RDONLY));
    SHOW(open("/dir/a.txt/x", O_RDONLY));
    SHOW(open("/dir/a.txt/..", O_RDONLY));
    SHOW(open("/link.txt/", O_RDONLY));
    SHOW(open("/dangling", O_RDONLY));
    SHOW(open("/loop1", O_RDONLY));
    SHOW(open("/link.txt", O_RDONLY | O_NOFOLLOW));
    SHOW(close(open("/dirlink/b.txt", O_RDONLY | O_NOFOLLOW)));
    SHOW(open("/dir/a.txt", O_RDONLY | O_DIRECTORY));
    SHOW(open("/dirlink", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    SHOW(close(open("/dirlink", O_RDONLY | O_DIRECTORY)));
    SHOW(open(name_of(255), O_RDONLY));
    SHOW(open(name_of(256), O_RDONLY));
    SHOW(close(open(path_of(1000), O_RDONLY)));
    SHOW(open(path_of(2000), O_RDONLY) >= 0 ? close(3) : -1);
    SHOW(open(path_of(4500), O_RDONLY));
}

static void
writing(void)
{
    SHOW(open("/dir/a.txt", O_WRONLY));
    SHOW(open("/dir/a.txt", O_RDWR));
    SHOW(open("/dir/a.txt", O_RDONLY | O_TRUNC));
    SHOW(open("/dir", O_WRONLY));
    SHOW(open("/dir", O_RDWR | O_DIRECTORY));
    SHOW(open("/dir", O_RDONLY | O_CREAT, 0666));
    SHOW(open("/new", O_WRONLY | O_CREAT, 0666));
    SHOW(open("/new", O_RDONLY | O_CREAT, 0666));
    SHOW(open("/new/", O_RDONLY | O_CREAT, 0666));
    SHOW(open("/nothere/new", O_WRONLY | O_CREAT, 0666));
    SHOW(open("/dir/a.txt/new", O_WRONLY | O_CREAT, 0666));
    SHOW(open("/dir/a.txt", O_WRONLY | O_CREAT | O_EXCL, 0666));
    SHOW(open("/link.txt", O_WRONLY | O_CREAT | O_EXCL, 0666));
    SHOW(open("/dangling", O_WRONLY | O_CREAT | O_EXCL, 0666));
    SHOW(open("/dangling", O_WRONLY | O_CREAT, 0666));
    SHOW(open("/dir", O_WRONLY | O_CREAT | O_EXCL, 0666));
    SHOW(close(open("/dir/a.txt", O_RDONLY | O_CREAT, 0666)));
    SHOW(creat("/new", 0666));
    SHOW(truncate("/dir/a.txt", 0));
    SHOW(truncate("/dir", 0));
    SHOW(truncate("/nothere", 0));
    SHOW(truncate("/dir/a.txt", -1));
}

static void
stats(void)
{
    SHOW(stat("/dir/a.txt", &st));
    SHOW(st.st_mode);
    SHOW(st.st_size);
    SHOW(st.st_nlink);
    SHOW(st.st_uid);
    SHOW(st.st_gid);
    SHOW(st.st_mtime);
    SHOW_TRUTH(st.st_blksize > 0);
    SHOW_TRUTH(st.st_blocks * 512 >= st.st_size);
    SHOW(stat("/dir", &st));
    SHOW(st.st_mode);
    SHOW_TRUTH(st.st_nlink >= 1);
    SHOW(stat("/link.txt", &st));
    SHOW_TRUTH(S_ISREG(st.st_mode));
    SHOW(lstat("/link.txt", &st));
    SHOW(st.st_mode);
    SHOW(st.st_size);
    SHOW(lstat("/link.txt/", &st));
    SHOW(lstat("/dirlink/", &st) == 0 && S_ISDIR(st.st_mode));
    SHOW(lstat("/dangling", &st));
    SHOW(stat("/dangling", &st));
    SHOW(stat("/loop1", &st));
    SHOW(stat("", &st));
    SHOW(stat("/dir/a.txt/", &st));
    SHOW(stat(name_of(256), &st));
    SHOW(fstatat(AT_FDCWD, "dir", &st, 0));
    SHOW(fstatat(99, "dir", &st, 0));
    SHOW(fstatat(99, "/dir", &st, 0));
    SHOW(fstatat(AT_FDCWD, "link.txt", &st, AT_SYMLINK_NOFOLLOW));
    SHOW(fstatat(AT_FDCWD, "link.txt", &st, 0x40000000));
    SHOW(fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH));
    SHOW_TRUTH(S_ISDIR(st.st_mode));
}

static void
files_are_told_apart(void)
{
    struct stat other;

    SHOW(stat("/dir/a.txt", &st));
    SHOW(stat("/link.txt", &other));
    SHOW_TRUTH(st.st_ino == other.st_ino && st.st_dev == other.st_dev);
    SHOW(stat("/dir/b.txt", &other));
    SHOW_TRUTH(st.st_ino == other.st_ino && st.st_dev == other.st_dev);
    SHOW(stat("/dirlink/a.txt", &other));
    SHOW_TRUTH(st.st_ino == other.st_ino && st.st_dev == other.st_dev);
}

static void
accesses(void)
{
    SHOW(access("/dir/a.txt", F_OK));
    SHOW(access("/dir/a.txt", R_OK));
    SHOW(access("/dir/a.txt", W_OK));
    SHOW(access("/dir/a.txt", X_OK));
    SHOW(access("/dir", R_OK | X_OK));
    SHOW(access("/dir", W_OK));
    SHOW(access("/nothere", W_OK));
    SHOW(access("/dir/a.txt/x", F_OK));
    SHOW(access("/dir/a.txt", 77));
    SHOW(access("/dev/null", R_OK | W_OK));
    SHOW(faccessat(AT_FDCWD, "dir", R_OK, 0));
    SHOW(faccessat(99, "dir", R_OK, 0));
}

static void
links(void)
{
    char text[100] = "";

    SHOW(readlink("/link.txt", text, sizeof(text)));
    SHOW_TEXT(text);
    SHOW(readlink("/link.txt", text, 3));
    SHOW(readlink("/dir/a.txt", text, sizeof(text)));
    SHOW(readlink("/dir", text, sizeof(text)));
    SHOW(readlink("/nothere", text, sizeof(text)));
    SHOW(readlink("/dangling", text, sizeof(text)));
    SHOW_TEXT(realpath("/dirlink/../link.txt", buffer));
    SHOW_TEXT(realpath("dir/./sub/..", buffer));
    SHOW_TEXT(realpath("/dangling", buffer));
    SHOW_TEXT(realpath("/loop1", buffer));
}

static void
refused_changes(void)
{
    struct timeval when[2] = {{1, 0}, {2, 0}};

    SHOW(mkdir("/new", 0777));
    SHOW(mkdir("/dir", 0777));
    SHOW(mkdir("/nothere/new", 0777));
    SHOW(mkdir("/", 0777));
    SHOW(rmdir("/dir"));
    SHOW(rmdir("/dir/a.txt"));
    SHOW(rmdir("/nothere"));
    SHOW(rmdir("/dir/."));
    SHOW(rmdir("/"));
    SHOW(unlink("/dir/a.txt"));
    SHOW(unlink("/dir"));
    SHOW(unlink("/nothere"));
    SHOW(unlink("/dir/a.txt/x"));
    SHOW(rename("/dir/a.txt", "/dir/c.txt"));
    SHOW(rename("/nothere", "/dir/c.txt"));
    SHOW(link("/dir/a.txt", "/dir/c.txt"));
    SHOW(link("/dir/a.txt", "/dir/b.txt"));
    SHOW(link("/nothere", "/dir/c.txt"));
    SHOW(symlink("anything", "/dir/c.txt"));
    SHOW(symlink("anything", "/dir/b.txt"));
    SHOW(symlink("", "/dir/c.txt"));
    SHOW(chmod("/dir/a.txt", 0600));
    SHOW(chmod("/nothere", 0600));
    SHOW(chown("/dir/a.txt", 1, 1));
    SHOW(lchown("/link.txt", 1, 1));
    SHOW(utimes("/dir/a.txt", when));
    SHOW(utimes("/nothere", when));
    SHOW(mkfifo("/fifo", 0666));
    SHOW(mkfifo("/dir", 0666));
    SHOW(remove("/dir/a.txt"));
    SHOW(remove("/nothere"));
    SHOW(mkstemp(strcpy(buffer, "/tmp/file-XXXXXX")));
    SHOW(close(3));
    SHOW(unlink(buffer));
    SHOW(mkstemp(strcpy(buffer, "/dir/file-XXXXXX")));
    SHOW(mkstemp(strcpy(buffer, "/tmp/file")));
    SHOW_TRUTH(mkdtemp(strcpy(buffer, "/tmp/folder-XXXXXX")) != NULL);
    SHOW(rmdir(buffer));
}

static void
working_folder(void)
{
    int fd;

    SHOW_TEXT(getcwd(buffer, sizeof(buffer)));
    SHOW(chdir("dir/sub"));
    SHOW_TEXT(getcwd(buffer, sizeof(buffer)));
    SHOW_TEXT(getcwd(buffer, 5));
    SHOW_TEXT(getcwd(buffer, 0));
    SHOW(access("deep.txt", R_OK));
    SHOW(access("../a.txt", R_OK));
    SHOW(access("../../../../dir/a.txt", R_OK));
    SHOW(chdir("nothere"));
    SHOW(chdir("deep.txt"));
    SHOW(chdir(""));
    SHOW(chdir("/dirlink"));
    SHOW_TEXT(getcwd(buffer, sizeof(buffer)));
    SHOW(fd = open("sub", O_RDONLY));
    SHOW(fchdir(fd));
    SHOW_TEXT(getcwd(buffer, sizeof(buffer)));
    SHOW(close(fd));
    SHOW(chdir("/"));
    SHOW(fd = open("dir", O_RDONLY));
    SHOW(close(openat(fd, "a.txt", O_RDONLY)));
    SHOW(close(openat(fd, "../link.txt", O_RDONLY)));
    SHOW(openat(fd, "nothere", O_RDONLY));
    SHOW(unlinkat(fd, "a.txt", 0));
    SHOW(unlinkat(fd, "nothere", 0));
    SHOW(mkdirat(fd, "sub", 0777));
    SHOW(close(fd));
    SHOW(openat(99, "a.txt", O_RDONLY));
    SHOW(fd = open("/dir/a.txt", O_RDONLY));
    SHOW(openat(fd, "x", O_RDONLY));
    SHOW(close(fd));
    SHOW(umask(027));
    SHOW(umask(022));
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
listing(void)
{
    char *seen[10], *types = buffer;
    struct dirent *entry;
    int count = 0;
    DIR *dir;

    SHOW_TRUTH((dir = opendir("/dir")) != NULL);
    while (count < 10 && (entry = readdir(dir))) {
        seen[count++] = strdup(entry->d_name);
        *types++ = entry->d_type == DT_DIR ? 'd' : entry->d_type == DT_REG ? 'r' : '?';
    }
    qsort(seen, (size_t)count, sizeof(seen[0]), by_name);
    for (int i = 0; i < count; i++)
        SHOW_TEXT(seen[i]);
    rewinddir(dir);
    SHOW_TRUTH(readdir(dir) != NULL);
    long second = telldir(dir);
    entry = readdir(dir);
    strcpy(buffer, entry ? entry->d_name : "");
    SHOW_TRUTH(readdir(dir) != NULL);
    seekdir(dir, second);
    entry = readdir(dir);
    SHOW_TRUTH(entry && strcmp(entry->d_name, buffer) == 0);
    SHOW(closedir(dir));
    SHOW_TRUTH(opendir("/dir/a.txt") != NULL);
    SHOW(opendir("/dir/a.txt") ? 0 : -1);
    SHOW(opendir("/nothere") ? 0 : -1);
    SHOW(fdopendir(99) ? 0 : -1);
}

static void
file_systems(void)
{
    struct statvfs fs;

    SHOW(statvfs("/", &fs));
    SHOW_TRUTH(fs.f_flag & ST_RDONLY);
    SHOW(fs.f_namemax);
    SHOW(statvfs("/nothere", &fs));
    SHOW(fstatvfs(99, &fs));
    SHOW(pathconf("/", _PC_NAME_MAX));
    SHOW(pathconf("/", _PC_PATH_MAX));
}

void
paths(void)
{
    opening();
    writing();
    stats();
    files_are_told_apart();
    accesses();
    links();
    refused_changes();
    working_folder();
    listing();
    file_systems();
}
