/* malloc by the break and by mmap, stdio, files, protections that a program asks for. */
#define _GNU_SOURCE
#include "check.h"
#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_malloc(void)
{
    char *blocks[300];
    char *before = sbrk(0);

    for (int i = 0; i < 300; i++) {
        blocks[i] = malloc(1 + i * 37 % 9000);
        memset(blocks[i], i, 1 + i * 37 % 9000);
    }
    CHECK((char *)sbrk(0) > before);
    for (int i = 0; i < 300; i++)
        CHECK(blocks[i][0] == (char)i);
    for (int i = 0; i < 300; i++)
        free(blocks[i]);
    char *large = malloc(3000000);
    CHECK(large && (large < before || large > (char *)sbrk(0)));
    memset(large, 1, 3000000);
    large = realloc(large, 5000000);
    CHECK(large && large[2999999] == 1);
    free(large);
    malloc_trim(0);
}

static void
test_mappings(void)
{
    char *reserved = mmap(NULL, 64 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(reserved != MAP_FAILED);
    CHECK(mprotect(reserved + 4096, 8192, PROT_READ | PROT_WRITE) == 0);
    CHECK(reserved[4096] == 0);
    memset(reserved + 4096, 3, 8192);
    CHECK(mmap(reserved + 4096, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
          reserved + 4096);
    CHECK(reserved[4096] == 0 && reserved[8192] == 3);
    CHECK(madvise(reserved + 8192, 4096, MADV_DONTNEED) == 0 && reserved[8192] == 0);
    CHECK(munmap(reserved, 64 * 4096) == 0);

    char *chosen = (char *)0x0b000000;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    CHECK(mmap(chosen, 8192, PROT_READ | PROT_WRITE, flags | MAP_FIXED, -1, 0) == chosen);
    memset(chosen, 9, 8192);
    CHECK(mmap(chosen + 4096, 8192, PROT_READ | PROT_WRITE, flags | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED &&
          errno == EEXIST);
    CHECK(mmap(chosen + 4096, 8192, PROT_READ | PROT_WRITE, flags | MAP_FIXED, -1, 0) == chosen + 4096);
    CHECK(chosen[4095] == 9 && chosen[4096] == 0 && chosen[3 * 4096 - 1] == 0);
    CHECK(munmap(chosen, 3 * 4096) == 0);
    CHECK(mmap(chosen, 4096, PROT_READ, flags | MAP_FIXED_NOREPLACE, -1, 0) == chosen);

    unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(code, "\xb8\x2a\x00\x00\x00\xc3", 6); /* mov $42, %eax; ret */
    CHECK(mprotect(code, 4096, PROT_READ | PROT_EXEC) == 0 && ((int (*)(void))code)() == 42);
    CHECK(munmap(code, 4096) == 0);
}

static void
test_files(void)
{
    char line[100] = "";
    struct stat st;

    FILE *f = fopen("/tmp/made", "w+");
    CHECK(f != NULL);
    CHECK(fprintf(f, "%s %d %.3f %llx\n", "text", 42, 2.5, 0x123456789abcull) == 27);
    rewind(f);
    CHECK(fgets(line, sizeof(line), f) && strcmp(line, "text 42 2.500 123456789abc\n") == 0);
    CHECK(fclose(f) == 0);
    CHECK(stat("/tmp/made", &st) == 0 && st.st_size == 27 && S_ISREG(st.st_mode));
    CHECK(access("/tmp/made", R_OK) == 0);
    int fd = open("/tmp/made", O_RDWR);
    CHECK(lseek(fd, -4, SEEK_END) == 23 && read(fd, line, 10) == 4 && line[0] == 'a');
    CHECK(ftruncate(fd, 5) == 0 && fstat(fd, &st) == 0 && st.st_size == 5);
    char *mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(mapped != MAP_FAILED && memcmp(mapped, "text ", 5) == 0);
    munmap(mapped, 4096);
    close(fd);
    CHECK(mkdir("/tmp/folder", 0755) == 0 && rename("/tmp/made", "/tmp/folder/moved") == 0);
    DIR *d = opendir("/tmp/folder");
    int found = 0;
    for (struct dirent *e; d && (e = readdir(d));)
        found += strcmp(e->d_name, "moved") == 0;
    CHECK(found == 1);
    closedir(d);
    CHECK(unlink("/tmp/folder/moved") == 0 && rmdir("/tmp/folder") == 0);
    CHECK(open("/nothing", O_RDONLY) == -1 && errno == ENOENT);
}

int
main(void)
{
    test_malloc();
    test_mappings();
    test_files();
    return done(0);
}
