/*
 * The image and what lies beside it in memory at the start: the segments of an ELF file at
 * their physical addresses, boot_params, the command line, the initrd. The files stay open,
 * so that a restart inside the sandbox can read them again; they are checked again then too.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "launcher/check/check.h"
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define COMMAND_LINE 0x1000u
/* Below this lie boot_params and the command line. */
#define IMAGE_LOWEST 0x2000u
#define SEGMENTS_MAX 32
#define PROTOCOL     0x0207
#define LOADFLAGS    0x40 /* KEEP_SEGMENTS: the guest does not set them up again */

/* A Linux kernel for a boot loader: where its header's magic numbers are. */
#define BZIMAGE_FLAG  0x1fe
#define BZIMAGE_MAGIC 0x202

static const char *kernel_name, *initrd_name;
static int kernel_fd, initrd_fd = -1;
static uint32_t initrd_size;

static int
open_file(const char *name, struct stat *status)
{
    /* Before it is opened, since opening a pipe would wait for its other end. */
    if (stat(name, status) == 0 && !S_ISREG(status->st_mode))
        usage_error("%s is not a regular file", name);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, status) != 0)
        usage_error("cannot open %s: %s", name, strerror(errno));
    return fd;
}

void
loader_open(const char *kernel, const char *initrd)
{
    struct stat status;
    kernel_name = kernel;
    kernel_fd = open_file(kernel, &status);
    if (!initrd)
        return;
    initrd_name = initrd;
    initrd_fd = open_file(initrd, &status);
    if (status.st_size > options.memory)
        usage_error("%s does not fit into %u MiB", initrd, options.memory >> 20);
    initrd_size = status.st_size;
}

static void
read_at(int fd, const char *name, void *to, size_t len, off_t offset)
{
    while (len > 0) {
        ssize_t n = pread(fd, to, len, offset);
        if (n < 0)
            usage_error("cannot read %s: %s", name, strerror(errno));
        if (n == 0)
            usage_error("%s ends too early", name);
        to = (char *)to + n;
        offset += n;
        len -= n;
    }
}

static void
load_at(uint32_t address, int fd, const char *name, uint32_t len, off_t offset)
{
    if (!memory_fill(address, len, fd, offset))
        read_at(fd, name, memory_at(address, len), len, offset);
}

static void
check_header(const Elf32_Ehdr *header)
{
    const uint8_t *bytes = (const uint8_t *)header;
    if (memcmp(bytes, ELFMAG, SELFMAG) != 0) {
        uint8_t start[BZIMAGE_MAGIC + 4] = {0};
        ssize_t n = pread(kernel_fd, start, sizeof(start), 0);
        if (n == sizeof(start) && memcmp(start + BZIMAGE_MAGIC, "HdrS", 4) == 0 &&
            start[BZIMAGE_FLAG] == 0x55)
            usage_error("%s is a bzImage; only i386 ELF images can be started", kernel_name);
        usage_error("%s is not an ELF file", kernel_name);
    }
    if (bytes[EI_CLASS] != ELFCLASS32 || header->e_machine != EM_386)
        usage_error("%s is not for the i386: only 32-bit images can be started", kernel_name);
    if (header->e_type != ET_EXEC)
        usage_error("%s is not an executable ELF file (ET_EXEC)", kernel_name);
    if (header->e_phentsize != sizeof(Elf32_Phdr) || header->e_phnum == 0 ||
        header->e_phnum > SEGMENTS_MAX)
        usage_error("%s has a strange table of segments", kernel_name);
}

/* Returns the end of the segment in memory. */
static uint32_t
load_segment(const Elf32_Phdr *segment)
{
    uint32_t start = segment->p_paddr;
    if (segment->p_filesz > segment->p_memsz)
        usage_error("%s: a segment is larger in the file than in memory", kernel_name);
    if (start < IMAGE_LOWEST)
        usage_error("%s: a segment lies at %#x; below %#x is the host's", kernel_name, start,
                    IMAGE_LOWEST);
    if (start > memory.ram || segment->p_memsz > memory.ram - start)
        usage_error("%s needs more than %u MiB: a segment ends at %#llx", kernel_name,
                    memory.ram >> 20, (unsigned long long)start + segment->p_memsz);
    load_at(start, kernel_fd, kernel_name, segment->p_filesz, segment->p_offset);
    uint32_t end = start + segment->p_filesz;
    HOOK(lies.segment, (end));
    return start + segment->p_memsz;
}

/* The image's lowest and highest address, the latter exclusive. */
struct extent {
    uint32_t begin, end;
};

static uint32_t
load_kernel(struct extent *image)
{
    Elf32_Ehdr header;
    Elf32_Phdr segments[SEGMENTS_MAX];
    memset(&header, 0, sizeof(header));
    if (pread(kernel_fd, &header, sizeof(header), 0) < 0)
        usage_error("cannot read %s: %s", kernel_name, strerror(errno));
    check_header(&header);
    read_at(kernel_fd, kernel_name, segments, header.e_phnum * sizeof(segments[0]),
            header.e_phoff);
    *image = (struct extent){memory.ram, 0};
    for (unsigned i = 0; i < header.e_phnum; i++) {
        if (segments[i].p_type != PT_LOAD)
            continue;
        uint32_t end = load_segment(&segments[i]);
        if (segments[i].p_paddr < image->begin)
            image->begin = segments[i].p_paddr;
        if (end > image->end)
            image->end = end;
    }
    if (header.e_entry >= image->end)
        usage_error("%s: its entry %#x lies outside of it", kernel_name, header.e_entry);
    return header.e_entry;
}

static void
put(uint32_t at, uint32_t value, size_t size)
{
    memcpy(memory_at(at, size), &value, size);
}

static void
load_initrd(uint32_t image_end)
{
    if (initrd_fd < 0)
        return;
    uint32_t size = (initrd_size + PAGE - 1) / PAGE * PAGE;
    if (size > memory.ram || memory.ram - size < image_end)
        usage_error("%s and %s do not fit into %u MiB together", kernel_name, initrd_name,
                    memory.ram >> 20);
    uint32_t at = memory.ram - size;
    load_at(at, initrd_fd, initrd_name, initrd_size, 0);
    put(BOOT_PARAMS_INITRD_ADDRESS, at, 4);
    put(BOOT_PARAMS_INITRD_SIZE, size, 4);
}

uint32_t
loader_load(const char *command_line)
{
    struct extent image;
    uint32_t entry = load_kernel(&image);
    /* As long as there is room below the image; the original stops at a page. */
    size_t len = strlen(command_line);
    if (len >= image.begin - COMMAND_LINE)
        usage_error("the guest's arguments are longer than %u characters",
                    image.begin - COMMAND_LINE - 1);
    memcpy(memory_at(COMMAND_LINE, len + 1), command_line, len + 1);
    put(BOOT_PARAMS_E820_ENTRIES, 1, 1);
    put(BOOT_PARAMS_PROTOCOL, PROTOCOL, 2);
    put(BOOT_PARAMS_LOADFLAGS, LOADFLAGS, 1);
    put(BOOT_PARAMS_COMMAND_LINE, COMMAND_LINE, 4);
    put(BOOT_PARAMS_SUBARCH, BOOT_PARAMS_SUBARCH_LGUEST, 4);
    put(BOOT_PARAMS_E820 + 8, memory.ram, 4);
    put(BOOT_PARAMS_E820 + 16, BOOT_PARAMS_E820_RAM, 4);
    if (gate_address()) {
        put(BOOT_PARAMS_GATE, gate_address(), 4);
        put(BOOT_PARAMS_GATE + 4, LINUX_USER_CS, 2);
    }
    load_initrd(image.end);
    return entry;
}
