/*
 * Executables: ELF32 for i386, at the addresses that they were linked for (ET_EXEC), or anywhere (static
 * PIE). Addresses are physical, so the first kind needs just those pages to be there and free. What a file
 * says is checked before it is used; System V ABI, chapter 5, is where it is described.
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "lib/fs/calls.h"
#include "lib/libc/abi.h"
#include "lib/linux/program.h"

#define PAGE_DOWN(n) ((n) & ~(uintptr_t)(PAGE_SIZE - 1))

#define MMAP2    192
#define MPROTECT 125

/* Exactly so many bytes; -ENOEXEC if the file is shorter. */
static int
read_exactly(struct file *file, void *to, size_t len, uint64_t at)
{
    for (size_t done = 0; done < len;) {
        long n = file->ops->pread(file, (char *)to + done, len - done, at + done);
        if (n <= 0)
            return n ? (int)n : -ENOEXEC;
        done += (size_t)n;
    }
    return 0;
}

static int
wrong(struct linux_image *image, int error, const char *why)
{
    ksnprintf(image->why, sizeof(image->why), "%s", why);
    return error;
}

/* One PT_LOAD: where it lies. */
static int
check_part(struct linux_image *image, const struct abi_elf32_phdr *part)
{
    if (part->filesz > part->memsz || part->vaddr + part->memsz < part->vaddr ||
        part->vaddr + part->memsz > INT32_MAX)
        return wrong(image, -ENOEXEC, "its program headers make no sense");
    if (part->memsz == 0)
        return 0;
    image->low = MIN(image->low, PAGE_DOWN(part->vaddr));
    image->high = MAX(image->high, PAGE_ALIGN(part->vaddr + part->memsz));
    return 0;
}

static int
check(struct linux_image *image)
{
    const struct abi_elf32_header *h = &image->header;
    int error = read_exactly(image->file, &image->header, sizeof(*h), 0);

    if (error)
        return wrong(image, error, error == -ENOEXEC ? "is no ELF file" : "cannot be read");
    if (memcmp(h->ident, ABI_ELF_IDENT, 7) != 0 || h->machine != ABI_EM_386)
        return wrong(image, -ENOEXEC, "is no 32-bit x86 ELF file");
    if (h->type != ABI_ET_EXEC && h->type != ABI_ET_DYN)
        return wrong(image, -ENOEXEC, "is no executable");
    if (h->phentsize != sizeof(image->parts[0]) || !h->phnum || h->phnum > LINUX_HEADERS_MAX)
        return wrong(image, -ENOEXEC, "its program headers make no sense");
    error = read_exactly(image->file, image->parts, h->phnum * sizeof(image->parts[0]), h->phoff);
    image->low = UINT32_MAX;
    for (unsigned i = 0; i < h->phnum && !error; i++) {
        if (image->parts[i].type == ABI_PT_INTERP)
            return wrong(image, -ENOEXEC, "is linked dynamically; only static programs run here");
        if (image->parts[i].type == ABI_PT_LOAD)
            error = check_part(image, &image->parts[i]);
    }
    if (!error && image->low >= image->high)
        return wrong(image, -ENOEXEC, "holds nothing to load");
    return error;
}

int
linux_image_open(struct linux_image *image, const char *path)
{
    struct file_stat stat;

    memset(image, 0, sizeof(*image));
    int error = fs_open_at(AT_FDCWD, path, FILE_O_RDONLY, 0, &image->file);
    if (error)
        return wrong(image, error, error == -ENOENT ? "is not there" : "cannot be opened");
    error = fs_stat_at(AT_FDCWD, path, true, &stat);
    if (error || !image->file->ops->pread || (stat.mode & FS_S_IFMT) != FS_S_IFREG)
        error = wrong(image, -EACCES, "is no file to run");
    else if (!(stat.mode & 0111))
        error = wrong(image, -EACCES, "is not executable (its mode has no x)");
    else
        error = check(image);
    if (error)
        file_release(image->file);
    return error;
}

/* The pages for all parts, and what is added to the file's addresses. */
static int
find_place(struct linux_image *image)
{
    size_t size = image->high - image->low;
    struct memory_info memory;

    if (image->header.type == ABI_ET_DYN) {
        long at = linux_call(MMAP2, 0, (long)size, ABI_PROT_READ | ABI_PROT_WRITE,
                             ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS, -1, 0);
        if ((unsigned long)at > -(unsigned long)PAGE_SIZE)
            return wrong(image, -ENOMEM, "does not fit into the memory that is free");
        image->base = (uintptr_t)at - image->low;
        return 0;
    }
    if (linux_memory_take(image->low, size) == 0)
        return 0;
    memory_info(&memory);
    if (image->high > memory.highest)
        ksnprintf(image->why, sizeof(image->why),
                  "needs memory up to 0x%x, and there are %u MiB; give the machine %u",
                  (unsigned)image->high, (unsigned)(memory.highest >> 20),
                  MAX(256u, (unsigned)(image->high >> 20) * 2));
    else
        ksnprintf(image->why, sizeof(image->why),
                  "needs memory from 0x%x to 0x%x, which is taken; give the machine more",
                  (unsigned)image->low, (unsigned)image->high);
    return -ENOMEM;
}

static int
prot_of(const struct abi_elf32_phdr *part)
{
    return (part->flags & ABI_PF_R ? ABI_PROT_READ : 0) |
           (part->flags & ABI_PF_W ? ABI_PROT_WRITE : 0) |
           (part->flags & ABI_PF_X ? ABI_PROT_EXEC : 0);
}

/* Parts may share a page: it allows what any of them wants. They come in rising order. */
static long
protect_parts(const struct linux_image *image)
{
    uintptr_t end = 0;
    int before = 0;
    long error = 0;

    for (unsigned i = 0; i < image->header.phnum && !error; i++) {
        const struct abi_elf32_phdr *part = &image->parts[i];
        uintptr_t first = PAGE_DOWN(part->vaddr), last = PAGE_ALIGN(part->vaddr + part->memsz);
        if (part->type != ABI_PT_LOAD || part->memsz == 0)
            continue;
        int prot = prot_of(part);
        error = linux_call(MPROTECT, (long)(image->base + first), (long)(last - first), prot, 0,
                           0, 0);
        if (first < end && !error)
            error = linux_call(MPROTECT, (long)(image->base + first), PAGE_SIZE, prot | before,
                               0, 0, 0);
        end = last;
        before = prot;
    }
    return error;
}

int
linux_image_load(struct linux_image *image)
{
    int error = find_place(image);

    for (unsigned i = 0; i < image->header.phnum && !error; i++) {
        const struct abi_elf32_phdr *part = &image->parts[i];
        if (part->type != ABI_PT_LOAD)
            continue;
        error = read_exactly(image->file, (void *)(image->base + part->vaddr), part->filesz,
                             part->offset);
        if (error)
            wrong(image, error, "is shorter than its program headers say");
    }
    if (!error && protect_parts(image))
        error = wrong(image, -ENOMEM, "cannot be protected: no memory for page tables");
    file_release(image->file);
    return error;
}
