/*
 * Guest memory: a file without a name that is mapped twice below 4 GiB, where 32-bit segments reach
 * it, and nothing else of the process down there; and once more above, for the launcher itself.
 *
 * The far view holds all of it, at a place that any user may map. The near view has each byte
 * where the guest's own address says, so that segments over it have base 0, which is what
 * processors are fast with (docs/launcher.md). It lacks the lowest 64 KiB, which Linux lets no
 * ordinary user map (vm.mmap_min_addr), and of a guest above 2 GiB what would overlap the far
 * view. view.c moves the guest between them.
 *
 * A guest can protect its pages (paging.c), in both of its views. What it protects from itself is
 * not protected from its devices, frames and hypercalls, as on the original: for these there is the
 * launcher's own view, which stays readable and writable and lies where the kernel chose.
 *
 * Pages appear when they are first touched, so a large guest that uses little costs little. The
 * launcher touches the near view wherever it can, since each view has page tables of its own. Behind
 * the far view lies one page that no segment of the guest's reaches, for the one system call whose
 * argument has to have a 32-bit address (segments.c).
 */
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>
#include "launcher/guest.h"
#include "launcher/launcher.h"

/* Most machines' mmap_min_addr, taken where it is less too: so what is tested is what runs. */
#define NEAR_BEGIN 0x10000u
/* Where the far view begins: high enough that no system reserves it, else behind the near view, and
 * in any case so low that it ends below 4 GiB. A segment of the guest's own, which may have no
 * limit, finds nothing there for a good while past the end of memory. */
#define FAR_BEGIN        0x10000000u
#define FAR_ALIGN        (2u << 20) /* of a large page */
#define CPUID_HYPERVISOR 0x40000000
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u /* Linux 6.3; the C library of Debian 12 does not know it */
#endif
/* Room for the device page and the rings of all interrupt lines, and for none beyond. */
#define DEVICE_PAGES (1 + DEVICE_LINES * LGUEST_VRING_PAGES)

struct guest_memory memory;
static uint32_t mapped; /* bytes, without the scratch page */
static int file = -1;   /* what is mapped, until it is filled */

static void
make_file(uint32_t size)
{
    file = memfd_create("guest", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    if (file < 0) /* before Linux 6.3, which is when it began to ask for that flag */
        file = memfd_create("guest", MFD_CLOEXEC);
    if (file >= 0 && ftruncate(file, size) != 0)
        memory_filled();
}

/* The file from there on, or memory of the same kind that cannot be mapped twice. */
static void *
map_view(uintptr_t place, uint32_t size, uint32_t from)
{
    int flags =
        MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE | (file < 0 ? MAP_ANONYMOUS : 0);
    void *at = mmap((void *)place, size, PROT_READ | PROT_WRITE | PROT_EXEC, flags, file, from);
    if (at != MAP_FAILED)
        madvise(at, size, MADV_HUGEPAGE); /* whoever offers none refuses */
    return at;
}

/* Without it everything works but the protection of pages. */
static void
map_own(void)
{
    void *at = MAP_FAILED;
    if (file >= 0)
        at = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0);
    if (at == MAP_FAILED)
        return;
    madvise(at, mapped, MADV_HUGEPAGE);
    memory.own = at;
}

static uint32_t
far_place(uint32_t size)
{
    uint32_t behind = (mapped + FAR_ALIGN - 1) & -FAR_ALIGN, last = -size & -FAR_ALIGN;
    uint32_t place = behind < last ? behind : last;
    return place > FAR_BEGIN ? place : FAR_BEGIN;
}

static void
map_far(void)
{
    uint32_t size = mapped + PAGE;
    uintptr_t place = far_place(size + GATE_PAGES * PAGE);
    make_file(size);
    void *at = map_view(place, size, 0);
    if (at == MAP_FAILED && file >= 0) { /* a system may not want files executed */
        memory_filled();
        at = map_view(place, size, 0);
    }
    if (at == MAP_FAILED)
        die("cannot map %u MiB of guest memory at %#lx: %s", memory.ram >> 20, place,
            strerror(errno));
    if (at != (void *)place) /* a kernel before 4.17 takes the flag for a hint */
        die("this kernel is too old: Linux 5.4 or later is needed");
    memory.far = at;
}

/*
 * QEMU's TCG checks no limits of segments, and says who it is where hypervisors do. A guest that is
 * larger than its near view would be let through to the far one there, and find other bytes.
 */
static bool
limits_count(void)
{
    uint32_t eax, name[3];
    __cpuid(CPUID_HYPERVISOR, eax, name[0], name[1], name[2]);
    return memcmp(name, "TCGTCGTCGTCG", sizeof(name)) != 0;
}

/* Without a near view everything works, at the pace of segments with a base. */
static void
map_near(void)
{
    uint32_t far = (uintptr_t)memory.far, end = mapped < far ? mapped : far;
    if (end < mapped && !limits_count()) {
        verbose("guest code is slow, since this machine checks no limits of segments");
        return;
    }
    if (file >= 0 && map_view(NEAR_BEGIN, end - NEAR_BEGIN, NEAR_BEGIN) != MAP_FAILED)
        memory.near_end = end;
    else
        verbose(
            "guest code is slow, its memory cannot be mapped at %#x as well: %s; it depends on "
            "vm.mmap_min_addr and on how large a file and an address space may be",
            NEAR_BEGIN, strerror(errno));
}

void
memory_map(uint32_t ram)
{
    mapped = ram + DEVICE_PAGES * PAGE;
    memory.ram = ram;
    memory.limit = ram;
    map_far();
    map_near();
    map_own();
}

bool
memory_fill(uint32_t address, uint32_t len, int fd, off_t offset)
{
    return file >= 0 && lseek(file, address, SEEK_SET) >= 0 &&
           sendfile(file, fd, &offset, len) == (ssize_t)len;
}

void
memory_filled(void)
{
    if (file >= 0)
        close(file);
    file = -1;
}

bool
memory_is_near(uint32_t address, uint32_t len)
{
    return address >= NEAR_BEGIN && address < memory.near_end &&
           len <= memory.near_end - address;
}

uint32_t
memory_guest_address(uint32_t linear)
{
    uint32_t far = (uintptr_t)memory.far;
    return linear >= far ? linear - far : linear;
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
    if (!paging_is_open(address, len))
        return memory.own + address;
    if (memory_is_near(address, len))
        return (void *)(uintptr_t)address;
    return memory.far + address;
}

void *
memory_to_keep(void *at)
{
    bool shared = memory.own && (uintptr_t)at <= UINT32_MAX;
    return shared ? memory.own + memory_guest_address((uintptr_t)at) : at;
}

bool
memory_protect_near(uint32_t from, uint32_t to, int protection)
{
    uintptr_t begin = from > NEAR_BEGIN ? from : NEAR_BEGIN;
    uintptr_t end = to < memory.near_end ? to : memory.near_end;
    return begin >= end || mprotect((void *)begin, end - begin, protection) == 0;
}

bool
memory_protect_far(uint32_t from, uint32_t to, int protection)
{
    return mprotect(memory.far + from, to - from, protection) == 0;
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
    if (madvise(memory.far, mapped, MADV_REMOVE) != 0)
        die("cannot clear guest memory: %s", strerror(errno));
}

void *
memory_scratch(void)
{
    return memory.far + mapped;
}

void *
memory_behind(void)
{
    return memory.far + mapped + PAGE;
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

/* The list of mappings is sorted: takes the next one's line if it is this, and steps over it. */
static void
skip_own(const char **line, uintptr_t begin, uintptr_t end)
{
    unsigned long from, to;
    const char *next = strchr(*line, '\n');
    if (next && parse_range(*line, &from, &to) && from == begin && to == end)
        *line = next + 1;
}

/* Guest memory's two lines are below 100 characters each, the gate's two are shorter, and of the next
 * the beginning is enough: the kernel makes no more than is read. */
void
memory_check_alone(void)
{
    char maps[384];
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, maps, sizeof(maps) - 1);
    if (n < 0)
        die("cannot read /proc/self/maps, to make sure that the guest is alone: %s; /proc has to "
            "be mounted",
            strerror(errno));
    close(fd);
    maps[n] = '\0';
    uintptr_t far = (uintptr_t)memory.far;
    unsigned long other, to;
    const char *line = maps;
    if (memory.near_end)
        skip_own(&line, NEAR_BEGIN, memory.near_end);
    skip_own(&line, far, far + mapped + PAGE);
    for (uintptr_t gate = gate_address(), n = 0; gate && n < GATE_PAGES; n++)
        skip_own(&line, gate + n * PAGE, gate + (n + 1) * PAGE);
    if (!parse_range(line, &other, &to))
        die("/proc/self/maps is not as expected, so the guest may not be alone");
    if (other < 1ul << 32)
        die("something else is mapped at %#lx, below 4 GiB, where a guest could reach it",
            other);
}
