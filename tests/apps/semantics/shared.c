/* Objects with names that lie in /dev/shm: shared memory and semaphores. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <semaphore.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "show.h"

#define PAGE 4096

static struct stat st;

static void
memory_objects(void)
{
    char *a, *b;
    int fd, other;

    SHOW(shm_open("/none", O_RDWR, 0));
    SHOW(fd = shm_open("/object", O_RDWR | O_CREAT | O_EXCL, 0600));
    SHOW(shm_open("/object", O_RDWR | O_CREAT | O_EXCL, 0600));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(ftruncate(fd, 3 * PAGE));
    SHOW(stat("/dev/shm/object", &st) + (long)st.st_size);
    SHOW(st.st_mode);
    SHOW(other = shm_open("object", O_RDWR, 0));
    a = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    b = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, other, 0);
    SHOW_TRUTH(a != MAP_FAILED && b != MAP_FAILED);
    strcpy(a + PAGE, "shared");
    SHOW_TEXT(b + PAGE);
    SHOW(close(fd));
    SHOW(close(other));
    SHOW(shm_unlink("/object"));
    SHOW(shm_unlink("/object"));
    strcpy(b + 2 * PAGE, "still");
    SHOW_TEXT(a + 2 * PAGE);
    SHOW(munmap(a, 3 * PAGE));
    SHOW_TEXT(b + PAGE);
    SHOW(munmap(b, 3 * PAGE));
    SHOW(shm_open("/a/b", O_RDWR | O_CREAT, 0600));
    SHOW(shm_open("/..", O_RDWR | O_CREAT, 0600));
    SHOW(shm_open("", O_RDWR | O_CREAT, 0600));
}

static void
semaphores(void)
{
    sem_t *a, *b;
    int value = 77;

    SHOW_TRUTH(sem_open("/none", 0) == SEM_FAILED && errno == ENOENT);
    SHOW_TRUTH((a = sem_open("/sem", O_CREAT | O_EXCL, 0600, 2)) != SEM_FAILED);
    SHOW_TRUTH(sem_open("/sem", O_CREAT | O_EXCL, 0600, 2) == SEM_FAILED && errno == EEXIST);
    SHOW_TRUTH((b = sem_open("/sem", 0)) == a);
    SHOW(sem_wait(b));
    SHOW(sem_getvalue(a, &value) + value);
    SHOW(sem_trywait(a));
    SHOW(sem_trywait(a));
    SHOW(sem_post(b));
    SHOW(sem_getvalue(a, &value) + value);
    SHOW(sem_close(b));
    SHOW(sem_unlink("/sem"));
    SHOW(sem_unlink("/sem"));
    SHOW(sem_trywait(a));
    SHOW(sem_close(a));
}

/* Files without a name, and what is promised of them. */
static void
sealed(void)
{
    char *p, byte;
    int fd, other;

    SHOW(fd = memfd_create("anything", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fstat(fd, &st) + (long)st.st_nlink);
    SHOW(st.st_mode);
    SHOW(write(fd, "0123456789", 10));
    SHOW(fcntl(fd, F_GET_SEALS));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
    SHOW(fcntl(fd, F_GET_SEALS));
    SHOW(ftruncate(fd, 5));
    SHOW(ftruncate(fd, 20));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    SHOW(ftruncate(fd, 30));
    SHOW(ftruncate(fd, 20));
    SHOW(pwrite(fd, "x", 1, 20));
    SHOW(pwrite(fd, "x", 1, 19));
    SHOW(posix_fallocate(fd, 0, 21));
    SHOW(posix_fallocate(fd, 0, 20));
    p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    SHOW_TRUTH(p != MAP_FAILED && p[1] == '1');
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW(munmap(p, PAGE));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW(pwrite(fd, "x", 1, 0));
    SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 1));
    SHOW(pread(fd, &byte, 1, 0));
    SHOW(byte);
    SHOW(fcntl(fd, F_ADD_SEALS, 0x7000));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
    SHOW(fcntl(fd, F_GET_SEALS));
    SHOW(close(fd));
    SHOW(fd = memfd_create("", 0));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_GET_SEALS));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW(close(fd));
    SHOW(memfd_create("", 0x1000));
    SHOW(other = open("/dir/a.txt", O_RDONLY));
    SHOW(fcntl(1, F_GET_SEALS));
    SHOW(close(other));
    SHOW(fd = open("/dev/shm/plain", O_RDWR | O_CREAT, 0600));
    SHOW(fcntl(fd, F_GET_SEALS));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW(close(fd));
    SHOW(unlink("/dev/shm/plain"));
}

void
shared(void)
{
    memory_objects();
    semaphores();
    sealed();
}
