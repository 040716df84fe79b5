/*
 * Guest memory: one private mapping below 4 GiB, where 32-bit segments can reach it, and
 * nothing else of the process down there. Its pages appear when they are first touched, so a
 * large guest that uses little costs little. Behind it lies one page that the segments do not
 * reach, for the one system call whose argument has to have a 32-bit address (segments.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "launcher/guest.h"
#include "launcher/launcher.h"

/* High enough that no system reserves it, and leaves room for options.c's largest guest. */
#define BASE 0x10000000ul
/* Room for the device page and all rings that 31 interrupt lines can have. */
#define DEVICE_PAGES (1 + 31 * LGUEST_VRING_PAGES)
#define MAPS_MAX     32768

struct guest_memory memory;
static uint32_t mapped; /* bytes, without the scratch page */

void
memory_map(uint32_t ram)
{
    mapped = ram + DEVICE_PAGES * PAGE;
    void *at = mmap((void *)BASE, mapped + PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (at == MAP_FAILED)
        die("cannot map %u MiB of guest memory at %#lx: %s", ram >> 20, BASE, strerror(errno));
    if (at != (void *)BASE) /* a kernel before 4.17 takes the flag for a hint */
        die("this kernel is too old: Linux 5.4 or later is needed");
    memory.base = at;
    memory.ram = ram;
    memory.limit = ram;
}

uint32_t
memory_device_pages(unsigned pages)
{
    uint32_t address = memory.limit;
    if (pages > (mapped - address) / PAGE)
        die("no room for so many devices");
    memory.limit += pages * PAGE;
    return address;
}

void *
memory_at(uint32_t address, uint32_t len)
{
    if (address > memory.limit || len > memory.limit - address)
        return NULL;
    return memory.base + address;
}

void *
memory_read(uint32_t address, uint32_t len)
{
    void *at = memory_at(address, len);
    if (!at)
        die("bad read address %#x len %u", address, len);
    return at;
}

void *
memory_write(uint32_t address, uint32_t len)
{
    void *at = memory_at(address, len);
    if (!at)
        die("bad write address %#x len %u", address, len);
    return at;
}

void
memory_clear(void)
{
    if (madvise(memory.base, mapped, MADV_DONTNEED) != 0)
        die("cannot clear guest memory: %s", strerror(errno));
}

void *
memory_scratch(void)
{
    return memory.base + mapped;
}

void
memory_check_alone(void)
{
    static char maps[MAPS_MAX];
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die("cannot read /proc/self/maps, to make sure that the guest is alone: %s",
            strerror(errno));
    size_t len = 0;
    ssize_t n;
    while ((n = read(fd, maps + len, sizeof(maps) - 1 - len)) > 0)
        len += n;
    close(fd);
    for (char *line = maps; *line; line = strchr(line, '\n') + 1) {
        char *end;
        unsigned long from = strtoul(line, &end, 16);
        if (!strchr(line, '\n'))
            die("/proc/self/maps is longer than expected");
        if (from >= 1ul << 32)
            return; /* the list is sorted */
        unsigned long to = *end == '-' ? strtoul(end + 1, NULL, 16) : ~0ul;
        if (from < BASE || to > BASE + mapped + PAGE)
            die("something else is mapped at %#lx, below 4 GiB, where a guest could reach it",
                from);
    }
}
