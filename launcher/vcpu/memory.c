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
/* Room for the device page and the rings of all interrupt lines, and for none beyond. */
#define DEVICE_PAGES (1 + DEVICE_LINES * LGUEST_VRING_PAGES)

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

/* Takes "from-to ..." at the start of a line; false if it is not that. */
static bool
parse_range(const char *line, unsigned long *from, unsigned long *to)
{
    char *end;
    *from = strtoul(line, &end, 16);
    if (end == line || *end != '-')
        return false;
    *to = strtoul(end + 1, &end, 16);
    return *end == ' ';
}

/*
 * The list is sorted and holds one line of some 50 characters for guest memory, so that has to
 * be the first, and the second one has to lie above. The kernel makes no more than is read.
 */
void
memory_check_alone(void)
{
    char maps[256];
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, maps, sizeof(maps) - 1);
    if (n < 0)
        die("cannot read /proc/self/maps, to make sure that the guest is alone: %s; /proc has to "
            "be mounted",
            strerror(errno));
    close(fd);
    maps[n] = '\0';
    unsigned long from, to, next_from, next_to;
    const char *next = strchr(maps, '\n');
    if (!parse_range(maps, &from, &to) || !next || !parse_range(next + 1, &next_from, &next_to))
        die("/proc/self/maps is not as expected, so the guest may not be alone");
    bool ours = from == BASE && to == BASE + mapped + PAGE;
    unsigned long other = ours ? next_from : from;
    if (other < 1ul << 32)
        die("something else is mapped at %#lx, below 4 GiB, where a guest could reach it",
            other);
}
