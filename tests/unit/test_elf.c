/*
 * Executables that lie: each says one thing in its headers that must not be believed, and is refused
 * before anything of it is in memory. A good one is put where it says, and what its file does not
 * have reads as zeroes. Files and memory are the test's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "lib/fs/calls.h"
#include "lib/linux/program.h"

#define PLACE 0x10000000u /* this program is linked without PIE and leaves room there */
#define ROOM  0x10000u

static struct {
    struct abi_elf32_header header;
    struct abi_elf32_phdr parts[2];
    char data[100];
} good, bytes;
static size_t file_size;
static int held;
static struct {
    uintptr_t base;
    size_t len;
} taken;

static long
file_pread(struct file *file, void *to, size_t len, uint64_t at)
{
    (void)file;
    if (at >= file_size)
        return 0;
    len = MIN(len, file_size - at);
    memcpy(to, (char *)&bytes + at, len);
    return (long)len;
}

static const struct file_ops ops = {.kind = "test", .pread = file_pread};
static struct file the_file = {.ops = &ops};

int
fs_open_at(int dirfd, const char *path, unsigned flags, uint32_t mode, struct file **out)
{
    (void)dirfd, (void)path, (void)flags, (void)mode;
    held++;
    *out = &the_file;
    return 0;
}

int
fs_stat_at(int dirfd, const char *path, bool follow, struct file_stat *out)
{
    (void)dirfd, (void)path, (void)follow;
    *out = (struct file_stat){.mode = FS_S_IFREG | 0755};
    return 0;
}

void
file_release(struct file *file)
{
    assert_ptr_equal(file, &the_file);
    held--;
}

long
linux_call(unsigned number, long a, long b, long c, long d, long e, long f)
{
    (void)number, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    return 0; /* mprotect */
}

int
linux_memory_take(uintptr_t base, size_t len)
{
    taken.base = base;
    taken.len = len;
    if (base < PLACE || base + len > PLACE + ROOM)
        return -ENOMEM;
    memset((void *)base, 0, len);
    return 0;
}

void
memory_info(struct memory_info *out)
{
    *out = (struct memory_info){.highest = PLACE + ROOM};
}

static int
make_good(void **state)
{
    (void)state;
    memset(&good, 0, sizeof(good));
    memcpy(good.header.ident, ABI_ELF_IDENT, 7);
    good.header.type = ABI_ET_EXEC;
    good.header.machine = ABI_EM_386;
    good.header.entry = PLACE + 0x1010;
    good.header.phoff = offsetof(__typeof__(good), parts);
    good.header.phentsize = sizeof(good.parts[0]);
    good.header.phnum = 2;
    good.parts[0] = (struct abi_elf32_phdr){.type = ABI_PT_LOAD,
                                            .vaddr = PLACE + 0x1010,
                                            .offset = offsetof(__typeof__(good), data),
                                            .filesz = 50,
                                            .memsz = 50,
                                            .flags = ABI_PF_R | ABI_PF_X};
    good.parts[1] = (struct abi_elf32_phdr){.type = ABI_PT_LOAD,
                                            .vaddr = PLACE + 0x2020,
                                            .offset = offsetof(__typeof__(good), data) + 50,
                                            .filesz = 50,
                                            .memsz = 5000,
                                            .flags = ABI_PF_R | ABI_PF_W};
    memset(good.data, 'x', sizeof(good.data));
    bytes = good;
    file_size = sizeof(bytes);
    held = 0;
    taken.len = 0;
    return 0;
}

static void
test_good(void **state)
{
    struct linux_image image;

    (void)state;
    assert_int_equal(linux_image_open(&image, "/good"), 0);
    assert_int_equal(image.low, PLACE + 0x1000);
    assert_int_equal(image.high, PLACE + 0x4000);
    memset((void *)(uintptr_t)PLACE, 0xee, ROOM);
    assert_int_equal(linux_image_load(&image), 0);
    assert_int_equal(taken.base, PLACE + 0x1000);
    assert_int_equal(taken.len, 0x3000);
    assert_memory_equal((void *)(uintptr_t)(PLACE + 0x1010), good.data, 50);
    const char *data = (const char *)(uintptr_t)(PLACE + 0x2020);
    assert_memory_equal(data, good.data, 50);
    for (int i = 50; i < 5000; i++)
        assert_int_equal(data[i], 0);
    assert_int_equal(held, 0);
}

static void
refuse(int error, const char *why)
{
    struct linux_image image;

    assert_int_equal(linux_image_open(&image, "/bad"), error);
    assert_non_null(strstr(image.why, why));
    assert_int_equal(held, 0);
    assert_int_equal(taken.len, 0);
    make_good(NULL);
}

static void
test_kind(void **state)
{
    (void)state;
    bytes.header.ident[0] = 'x';
    refuse(-ENOEXEC, "no 32-bit x86 ELF");
    bytes.header.ident[4] = 2; /* 64 bits */
    refuse(-ENOEXEC, "no 32-bit x86 ELF");
    bytes.header.machine = 62;
    refuse(-ENOEXEC, "no 32-bit x86 ELF");
    bytes.header.type = 1;
    refuse(-ENOEXEC, "no executable");
    bytes.parts[0].type = ABI_PT_INTERP;
    refuse(-ENOEXEC, "dynamically");
    bytes.parts[0].type = bytes.parts[1].type = ABI_PT_TLS;
    refuse(-ENOEXEC, "nothing to load");
}

static void
test_headers(void **state)
{
    (void)state;
    file_size = sizeof(bytes.header) - 1;
    refuse(-ENOEXEC, "no ELF file");
    bytes.header.phnum = 0;
    refuse(-ENOEXEC, "no sense");
    bytes.header.phnum = LINUX_HEADERS_MAX + 1;
    refuse(-ENOEXEC, "no sense");
    bytes.header.phentsize = 56;
    refuse(-ENOEXEC, "no sense");
    bytes.header.phoff = sizeof(bytes) - 10;
    refuse(-ENOEXEC, "");
    bytes.header.phoff = UINT32_MAX;
    refuse(-ENOEXEC, "");
}

static void
test_ranges(void **state)
{
    (void)state;
    bytes.parts[1].vaddr = UINT32_MAX - 100; /* the end wraps */
    refuse(-ENOEXEC, "no sense");
    bytes.parts[1].memsz = UINT32_MAX;
    refuse(-ENOEXEC, "no sense");
    bytes.parts[1].filesz = 5001;
    refuse(-ENOEXEC, "no sense");
    bytes.parts[0].vaddr = 0x90000000;
    refuse(-ENOEXEC, "no sense");
}

/* What only shows when the bytes are wanted. */
static void
test_no_room(void **state)
{
    struct linux_image image;

    (void)state;
    bytes.parts[1].vaddr = PLACE + 0x20000000;
    assert_int_equal(linux_image_open(&image, "/high"), 0);
    assert_int_equal(linux_image_load(&image), -ENOMEM);
    assert_non_null(strstr(image.why, "give the machine 1536"));
    make_good(NULL);
    file_size = offsetof(__typeof__(good), data) + 60;
    assert_int_equal(linux_image_open(&image, "/short"), 0);
    assert_int_equal(linux_image_load(&image), -ENOEXEC);
    assert_non_null(strstr(image.why, "shorter"));
    assert_int_equal(held, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_good, make_good),    cmocka_unit_test_setup(test_kind, make_good),
        cmocka_unit_test_setup(test_headers, make_good), cmocka_unit_test_setup(test_ranges, make_good),
        cmocka_unit_test_setup(test_no_room, make_good),
    };

    if (mmap((void *)(uintptr_t)PLACE, ROOM, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
        abort();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
