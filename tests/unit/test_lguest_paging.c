/*
 * Page tables under lguest (arch/x86/lguest/paging.c), against a host that looks at them as the
 * original does: it remembers what an entry said until it is told of a change. The guest's memory is
 * never touched here but for the tables, so its addresses are only numbers.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>
#include "arch/x86/lguest/call.h"
#include "arch/x86/lguest/lguest.h"
#include "arch/x86/lguest/parts.h"
#include "kernel/boot_info.h"
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"

#define MIB      (1u << 20)
#define RAM      (64 * MIB)
#define DEVICES  (LGUEST_DEVICE_PAGES * PAGE_SIZE)
#define MODULE   (40 * MIB)
#define PAGES    (1u << 20)
#define RW       2u
#define ABSENT   0u
#define FLAGS    0xfffu
#define DIR_MASK 0x67u /* what the original lets a directory entry have */
/* Where the image lies; the program of this test is elsewhere. */
#define IMAGE 0x100000u
#define DATA  0x140000u
#define END   0x180000u

struct boot_info boot_info;
void (*pages_reach)(uintptr_t end);

static uint32_t *area; /* what pages_alloc_raw gives: behind the image, as there */
static size_t area_pages;
static bool no_memory;
static uint32_t directory;
static uint32_t shadow[PAGES]; /* what the host remembers, 0 for nothing; as it was looked at */
static unsigned calls[LHCALL_SEND_INTERRUPTS + 1];

/* At the addresses that the linker script gives them in an image. */
__asm__(".globl image_start, data_start, image_end\n"
        ".set image_start, 0x100000\n.set data_start, 0x140000\n.set image_end, 0x180000");

void *
pages_alloc_raw(size_t count)
{
    assert_true(count <= area_pages);
    memset(area, 0xa5, count * PAGE_SIZE);
    return no_memory ? NULL : area;
}

bool
pages_contain(const void *base, size_t len)
{
    return (uintptr_t)base < RAM && len <= RAM - (uintptr_t)base;
}

uintptr_t
lguest_device_page(void)
{
    return RAM;
}

/* ---- the host ---- */

static const uint32_t *
words(uint32_t address)
{
    return (const uint32_t *)(uintptr_t)address;
}

/* What the tables say of a page now. */
static uint32_t
walk(uint32_t page)
{
    uint32_t above = words(directory)[page / 1024];

    if (!(above & 1))
        return ABSENT;
    assert_int_equal(above & FLAGS & ~DIR_MASK, 0);
    uint32_t entry = words(above & ~FLAGS)[page % 1024];
    if (!(entry & 1))
        return ABSENT;
    assert_int_equal(entry & 0x80, 0);
    assert_int_equal(entry & ~FLAGS, page * PAGE_SIZE); /* identity */
    assert_true(above & RW);
    return entry;
}

static void
forget(uint32_t first, uint32_t count)
{
    memset(shadow + first, 0, count * sizeof(shadow[0]));
}

void
lguest_call(uint32_t number, uintptr_t a, uintptr_t b, uintptr_t c)
{
    calls[number]++;
    if (number == LHCALL_NEW_PGTABLE) {
        directory = (uint32_t)a;
        forget(0, PAGES);
        return;
    }
    assert_int_equal(a, directory);
    if (number == LHCALL_SET_PTE) {
        assert_int_equal(c, words(words(directory)[b >> 22] & ~FLAGS)[(b >> 12) % 1024]);
        shadow[b >> 12] = c & 0x60 ? (uint32_t)c : 0;
    } else {
        assert_int_equal(number, LHCALL_SET_PGD);
        forget((uint32_t)b * 1024, 1024);
    }
}

/* A touch: by what the host remembers, else it looks and remembers. */
static bool
may(uintptr_t address, bool write)
{
    uint32_t page = (uint32_t)(address >> PAGE_SHIFT);

    if (!(shadow[page] & 1) || (write && !(shadow[page] & RW)))
        shadow[page] = walk(page);
    return (shadow[page] & 1) && (!write || (shadow[page] & RW));
}

static bool
writable(uintptr_t address)
{
    return may(address, true);
}

static bool
read_only(uintptr_t address)
{
    return may(address, false) && !may(address, true);
}

static bool
absent(uintptr_t address)
{
    return !may(address, false);
}

/* ---- tests ---- */

static int
fresh(void **state)
{
    (void)state;
    area_pages = 1 + (RAM + DEVICES) / (4 * MIB) + 1;
    if (!area)
        area = mmap((void *)(uintptr_t)END, area_pages * PAGE_SIZE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    assert_true(area != MAP_FAILED);
    memset(calls, 0, sizeof(calls));
    boot_info.nr_modules = 1;
    boot_info.modules[0] = (struct boot_module){.base = MODULE, .size = 5 * MIB};
    no_memory = false;
    pages_reach = NULL;
    lguest_paging_init();
    return 0;
}

static void
test_start(void **state)
{
    (void)state;
    assert_int_equal(calls[LHCALL_NEW_PGTABLE], 1);
    assert_int_equal(calls[LHCALL_SET_PGD] + calls[LHCALL_SET_PTE], 0);
    assert_true(absent(0) && absent(LGUEST_LOW_MEMORY - 1));
    assert_true(writable(LGUEST_LOW_MEMORY) && writable(IMAGE - 1));
    assert_true(read_only(IMAGE) && read_only(DATA - 1));
    assert_true(writable(DATA) && writable(END));
    assert_true(writable(RAM) && writable(RAM + DEVICES - 1));
    assert_true(writable(MODULE) && writable(MODULE + 5 * MIB - 1));
}

/* What is given out is there, and all below it. */
static void
test_reach(void **state)
{
    (void)state;
    assert_true(absent(20 * MIB));
    pages_reach(20 * MIB + PAGE_SIZE);
    assert_true(writable(20 * MIB) && writable(9 * MIB));
    assert_true(absent(28 * MIB));
    unsigned told = calls[LHCALL_SET_PGD];
    pages_reach(20 * MIB + PAGE_SIZE);
    pages_reach(3 * MIB);
    assert_int_equal(calls[LHCALL_SET_PGD], told);
    pages_reach(RAM);
    for (uintptr_t at = DATA; at < RAM + DEVICES; at += PAGE_SIZE)
        assert_true(writable(at));
    assert_true(absent(0) && read_only(IMAGE)); /* as before */
}

static void
test_protect_one(void **state)
{
    static const struct {
        enum page_prot prot;
        bool (*is)(uintptr_t);
    } all[] = {{PAGE_NONE, absent},  {PAGE_RO, read_only}, {PAGE_RW, writable},
               {PAGE_RX, read_only}, {PAGE_RWX, writable}, {PAGE_NONE, absent}};
    char *page = (char *)(uintptr_t)(2 * MIB);

    (void)state;
    memset(calls, 0, sizeof(calls));
    for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
        assert_true(writable(2 * MIB - 1) && writable(2 * MIB + PAGE_SIZE));
        assert_int_equal(lguest_protect(page, PAGE_SIZE, all[i].prot), 0);
        assert_true(all[i].is(2 * MIB));
    }
    assert_int_equal(calls[LHCALL_SET_PTE], ARRAY_SIZE(all));
    assert_int_equal(calls[LHCALL_SET_PGD], 0);
}

/* Across two tables, whose ends are one page each or more; one call for each table. */
static void
test_protect_many(void **state)
{
    (void)state;
    pages_reach(16 * MIB);
    memset(calls, 0, sizeof(calls));
    for (uintptr_t at = 2 * MIB; at < 16 * MIB; at += PAGE_SIZE)
        assert_true(writable(at));
    assert_int_equal(lguest_protect((void *)(uintptr_t)(3 * MIB), 5 * MIB + PAGE_SIZE, PAGE_RO),
                     0);
    assert_int_equal(calls[LHCALL_SET_PGD], 2);
    assert_int_equal(calls[LHCALL_SET_PTE], 1);
    for (uintptr_t at = 2 * MIB; at < 16 * MIB; at += PAGE_SIZE)
        assert_true(at >= 3 * MIB && at <= 8 * MIB ? read_only(at) : writable(at));
}

static void
test_protect_refuses(void **state)
{
    char *page = (char *)(uintptr_t)(2 * MIB);

    (void)state;
    assert_int_equal(lguest_protect(page + 1, PAGE_SIZE, PAGE_RO), -EINVAL);
    assert_int_equal(lguest_protect(page, PAGE_SIZE - 1, PAGE_RO), -EINVAL);
    assert_int_equal(lguest_protect((void *)(uintptr_t)RAM, PAGE_SIZE, PAGE_RO), -EINVAL);
    assert_int_equal(lguest_protect(page, RAM, PAGE_RO), -EINVAL);
    assert_int_equal(lguest_protect(page, SIZE_MAX & ~(size_t)FLAGS, PAGE_RO), -EINVAL);
    assert_true(writable(2 * MIB));
}

static void
test_no_memory(void **state)
{
    (void)state;
    memset(calls, 0, sizeof(calls));
    no_memory = true;
    pages_reach = NULL;
    lguest_paging_init();
    assert_null(pages_reach);
    assert_int_equal(calls[LHCALL_NEW_PGTABLE], 0);
    assert_int_equal(lguest_protect((void *)(uintptr_t)(2 * MIB), PAGE_SIZE, PAGE_RO),
                     -ENOTSUP);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_start, fresh),
        cmocka_unit_test_setup(test_reach, fresh),
        cmocka_unit_test_setup(test_protect_one, fresh),
        cmocka_unit_test_setup(test_protect_many, fresh),
        cmocka_unit_test_setup(test_protect_refuses, fresh),
        cmocka_unit_test_setup(test_no_memory, fresh),
    };
    return cmocka_run_group_tests_name("lguest_paging", tests, NULL, NULL);
}
