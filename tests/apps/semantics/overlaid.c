/* The tree that the test makes as "/", where it can be changed. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "show.h"

static char data[10000];
static struct stat st;

static long
size_of(const char *path)
{
    return lstat(path, &st) ? -1 : (long)st.st_size;
}

static void
written(void)
{
    long inode;
    int fd, reader;

    SHOW(statvfs("/", &(struct statvfs){0}));
    SHOW(access("/dir/a.txt", W_OK));
    SHOW(stat("/dir/a.txt", &st));
    SHOW(st.st_mtime);
    inode = (long)st.st_ino;
    SHOW(reader = open("/dir/a.txt", O_RDONLY)); /* before it is changed */
    SHOW(fd = open("/dir/a.txt", O_RDWR));
    SHOW(pwrite(fd, "THE", 3, 0));
    SHOW(pread(reader, data, 100, 0));
    SHOW_TRUTH(memcmp(data, "THE first file, a line\n", 23) == 0);
    SHOW_TRUTH(fstat(fd, &st) == 0 && (long)st.st_ino == inode);
    SHOW(st.st_size);
    SHOW_TRUTH(st.st_mtime > 1234567890);
    SHOW(close(fd));
    SHOW(close(reader));
    SHOW(truncate("/long.txt", 5000));
    SHOW(fd = open("/long.txt", O_RDWR | O_APPEND));
    SHOW(write(fd, "end", 3));
    SHOW(pread(fd, data, sizeof(data), 0));
    SHOW_TRUTH(data[0] == 'a' && data[4999] == 'a' + 4999 % 26 && data[5000] == 'e');
    SHOW(close(fd));
    SHOW(fd = open("/dir/b.txt", O_WRONLY | O_TRUNC));
    SHOW(size_of("/dir/b.txt"));
    SHOW(close(fd));
    SHOW(chmod("/dir/sub/deep.txt", 0600));
    SHOW(stat("/dir/sub/deep.txt", &st));
    SHOW(st.st_mode);
    SHOW(st.st_mtime);
    SHOW(st.st_size);
}

static void
mapped_root(void)
{
    char *shared;
    int fd;

    SHOW(fd = open("/etc/hosts", O_RDWR));
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    SHOW_TRUTH(shared != MAP_FAILED && memcmp(shared, "127.0.0.1", 9) == 0);
    SHOW(pwrite(fd, "128", 3, 0));
    SHOW(shared[2]);
    shared[2] = '9';
    SHOW(pread(fd, data, 3, 0));
    SHOW(data[2]);
    SHOW(munmap(shared, 4096));
    SHOW(close(fd));
}

static void
moved(void)
{
    SHOW(rename("/dir", "/moved"));
    SHOW(access("/dir", F_OK));
    SHOW(size_of("/moved/sub/deep.txt"));
    SHOW(access("/dirlink/a.txt", F_OK));
    SHOW(mkdir("/dir", 0755));
    SHOW(size_of("/dir/a.txt"));
    SHOW(unlink("/moved/a.txt"));
    SHOW(size_of("/moved/a.txt"));
    SHOW(unlink("/moved/b.txt"));
    SHOW(rmdir("/moved"));
    SHOW(rename("/moved/sub", "/dir/sub"));
    SHOW(rmdir("/moved"));
    SHOW(size_of("/dir/sub/deep.txt"));
    SHOW(link("/dir/sub/deep.txt", "/hard"));
    SHOW(size_of("/hard"));
    SHOW(st.st_nlink);
    SHOW(unlink("/link.txt"));
    SHOW(symlink("/hard", "/link.txt"));
    SHOW(stat("/link.txt", &st));
    SHOW(st.st_size);
    SHOW(rename("/hard", "/tmp/hard"));
    SHOW(rename("/etc", "/tmp/etc"));
    SHOW(rmdir("/run"));
    SHOW(rename("/run", "/run2"));
    SHOW(open("/empty", O_RDWR | O_CREAT | O_EXCL, 0600));
    SHOW(unlink("/empty"));
    SHOW(close(open("/empty", O_RDWR | O_CREAT | O_EXCL, 0600)));
    SHOW(size_of("/empty"));
}

void
overlaid(void)
{
    written();
    mapped_root();
    moved();
}
