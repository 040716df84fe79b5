/*
 * The page allocator and the heap against plain models. Each machine is a child process, since
 * both keep their books in statics and start once. Its RAM is real memory at low addresses,
 * where this program, linked without PIE, leaves room: ARENA, poisoned, with the image's
 * symbols set inside. Random memory maps put ranges, modules and holes there in any order and
 * overlapping; what lies outside is not mapped, so a page from there ends the child.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "kernel/boot_info.h"
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"

#define ARENA       0x10000000ull
#define ARENA_PAGES 1024u
#define ARENA_END   (ARENA + ARENA_PAGES * PAGE_SIZE)
#define MAP_PAGES   (ARENA_END / PAGE_SIZE / 8 / PAGE_SIZE + 1) /* at most, a bit a page */
#define POISON      0xa5
__asm__(".globl image_start, image_end\n"
        ".set image_start, 0x10100000\n"
        ".set image_end, 0x10123000\n");

struct boot_info boot_info;
const char image_name[] = "test.elf";
static unsigned errors;

/* How a child ends; a sanitizer's report or a signal is none of them. */
enum ending { FINE = 40, WRONG, PANICKED, NO_START };

#define CHECK(e)                                                            \
    do {                                                                    \
        if (!(e)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #e); \
            _exit(WRONG);                                                   \
        }                                                                   \
    } while (0)

void
log_print(enum log_level level, const char *format, ...)
{
    (void)format;
    errors += level == LOG_ERROR;
}

_Noreturn void
panic(const char *format, ...)
{
    (void)format;
    _exit(PANICKED);
}

_Noreturn void
kernel_exit(int code)
{
    _exit(code == EXIT_NO_START ? NO_START : WRONG);
}

/* Run fn(seed) on a machine of its own. */
static enum ending
in_child(void (*fn)(unsigned), unsigned seed)
{
    int status;

    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(60);
        srand(seed);
        void *at = mmap((void *)ARENA, ARENA_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        CHECK(at == (void *)ARENA);
        memset(at, POISON, ARENA_PAGES * PAGE_SIZE);
        fn(seed);
        _exit(FINE);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) < FINE)
        fail_msg("seed %u: the child died, status %x", seed, status);
    return (enum ending)WEXITSTATUS(status);
}

static void
add_range(uint64_t base, uint64_t size, enum boot_memory type)
{
    boot_info.ranges[boot_info.nr_ranges++] = (struct boot_range){base, size, type};
}

static uint64_t
random_in_arena(void)
{
    uint64_t at = (uint64_t)rand() % (ARENA_PAGES * PAGE_SIZE);

    return ARENA + (rand() % 2 ? at & ~(uint64_t)(PAGE_SIZE - 1) : at);
}

/* Usable, reserved and far-away ranges, modules, all in any order. */
static void
random_machine(void)
{
    static const struct boot_range elsewhere[] = {
        {0, 0x2000, BOOT_MEM_USABLE}, /* kept for the loader's things */
        {0x1000, 1, BOOT_MEM_RESERVED},
        {0x100000000, BIT(32), BOOT_MEM_USABLE},
        {0xfffffffff000, 0x1000, BOOT_MEM_USABLE},
        {0xfffc0000, 0x40000, BOOT_MEM_RESERVED},
        {0xfffff000, 0x1000, BOOT_MEM_USABLE}, /* past the limit */
        {UINT64_MAX - 1, 1, BOOT_MEM_RESERVED},
    };
    int n = 1 + rand() % 10;

    for (int i = 0; i < n; i++) {
        uint64_t a = random_in_arena(), b = random_in_arena();
        bool usable = i == 0 || rand() % 3 > 0;
        if (!usable && rand() % 2) /* small ones leave something over */
            b = MIN(a + (uint64_t)rand() % 20000, ARENA_END);
        if (a != b)
            add_range(MIN(a, b), MAX(a, b) - MIN(a, b),
                      usable ? BOOT_MEM_USABLE : BOOT_MEM_RESERVED);
        if (rand() % 2) {
            const struct boot_range *r = &elsewhere[(size_t)rand() % ARRAY_SIZE(elsewhere)];
            add_range(r->base, r->size, r->type);
        }
    }
    for (int i = rand() % 4; i > 0; i--)
        boot_info.modules[boot_info.nr_modules++] = (struct boot_module){
            random_in_arena() & ~(uintptr_t)(PAGE_SIZE - 1), 1 + (size_t)rand() % 100000};
}

/* ---- the model: a byte for each page of the arena ---- */

enum page_state { ABSENT, FREE, USED };

static uint8_t model[ARENA_PAGES];

static void *
address(size_t page)
{
    return (void *)(ARENA + page * PAGE_SIZE);
}

static bool
touches(uint64_t at, uint64_t base, uint64_t end)
{
    return base < end && base < at + PAGE_SIZE && end > at;
}

static bool
covered(uint64_t at, const struct boot_range *r)
{
    return r->type == BOOT_MEM_USABLE && r->base <= at && r->base + r->size >= at + PAGE_SIZE;
}

/* A page counts as RAM if one usable range holds all of it and no reserved one any of it. */
static bool
is_ram(uint64_t at)
{
    bool ram = false;

    for (unsigned i = 0; i < boot_info.nr_ranges; i++) {
        const struct boot_range *r = &boot_info.ranges[i];
        if (r->type != BOOT_MEM_USABLE && touches(at, r->base, r->base + r->size))
            return false;
        ram |= covered(at, r);
    }
    return ram;
}

static bool
is_occupied(uint64_t at)
{
    for (unsigned i = 0; i < boot_info.nr_modules; i++) {
        const struct boot_module *m = &boot_info.modules[i];
        if (touches(at, m->base, m->base + m->size))
            return true;
    }
    return touches(at, (uintptr_t)image_start, (uintptr_t)image_end);
}

static size_t
count_state(enum page_state state)
{
    size_t n = 0;

    for (size_t page = 0; page < ARENA_PAGES; page++)
        n += model[page] == state;
    return n;
}

/* Fill the model; returns how many pages are RAM, the two lowest of the machine included. */
static size_t
model_init(void)
{
    size_t ram = (size_t)is_ram(0) + is_ram(PAGE_SIZE);

    for (size_t page = 0; page < ARENA_PAGES; page++) {
        uint64_t at = ARENA + page * PAGE_SIZE;
        model[page] = is_ram(at) && !is_occupied(at) ? FREE : ABSENT;
        ram += is_ram(at);
    }
    return ram;
}

static size_t
find_run(size_t count, size_t align)
{
    size_t run = 0;

    for (size_t page = 0; page < ARENA_PAGES; page++) {
        if (run == 0 && (uintptr_t)address(page) % align)
            continue;
        run = model[page] == FREE ? run + 1 : 0;
        if (run == count)
            return page + 1 - count;
        if (run == 0 && model[page] == FREE)
            page--;
    }
    return ARENA_PAGES;
}

static void
take(const char *base, size_t count)
{
    static const char zeros[PAGE_SIZE];
    size_t first = ((uintptr_t)base - ARENA) / PAGE_SIZE;

    CHECK((uintptr_t)base % PAGE_SIZE == 0 && (uintptr_t)base >= ARENA);
    CHECK(first + count <= ARENA_PAGES);
    for (size_t i = 0; i < count; i++) {
        CHECK(model[first + i] == FREE);
        CHECK(memcmp(base + i * PAGE_SIZE, zeros, PAGE_SIZE) == 0);
        model[first + i] = USED;
    }
    memset((void *)(uintptr_t)base, POISON, count * PAGE_SIZE);
}

static struct memory_info
info(void)
{
    struct memory_info m;

    memory_info(&m);
    return m;
}

/* Hand out all there is, page by page: the model knows each, and only the map's own pages,
 * which are one run, are missing. Then give all back. */
static void
drain(void)
{
    static void *pages[ARENA_PAGES];
    size_t n = 0, first = 0, map = 0;

    while ((pages[n] = pages_alloc(1)))
        take(pages[n++], 1);
    CHECK(info().free == 0 && info().least == 0);
    for (size_t page = 0; page < ARENA_PAGES; page++) {
        if (model[page] != FREE)
            continue;
        CHECK(map == 0 || page == first + map);
        first = map++ ? first : page;
        model[page] = ABSENT;
    }
    CHECK(map * PAGE_SIZE * 8 >= info().highest / PAGE_SIZE && map <= MAP_PAGES);
    while (n > 0) {
        size_t i = (size_t)rand() % n;
        pages_free(pages[i], 1);
        model[((uintptr_t)pages[i] - ARENA) / PAGE_SIZE] = FREE;
        pages[i] = pages[--n];
    }
    CHECK(info().free == count_state(FREE) * PAGE_SIZE);
}

static void
allocate_some(void)
{
    size_t count = rand() % 4 ? 1 + (size_t)rand() % 8 : 1 + (size_t)rand() % 200;
    size_t align = PAGE_SIZE << (rand() % 3 ? 0 : rand() % 6);
    void *base = pages_alloc_aligned(count, align);

    if (!base) {
        CHECK(find_run(count, align) == ARENA_PAGES);
        return;
    }
    CHECK((uintptr_t)base % align == 0);
    take(base, count);
}

/* Any run that is taken can be given back, whatever calls it came from. */
static void
free_some(void)
{
    size_t page = (size_t)rand() % ARENA_PAGES, count = 0, most = 1 + (size_t)rand() % 50;

    while (page + count < ARENA_PAGES && model[page + count] == USED && count < most)
        model[page + count++] = FREE;
    if (count)
        pages_free(address(page), count);
}

static void
one_machine(unsigned seed)
{
    (void)seed;
    random_machine();
    pages_init();
    size_t ram = model_init();
    CHECK(info().total == ram * PAGE_SIZE);
    CHECK(info().free == info().least);
    drain();
    for (int round = 0; round < 1500; round++) {
        if (rand() % 2)
            allocate_some();
        else
            free_some();
        CHECK(info().free == count_state(FREE) * PAGE_SIZE);
    }
}

/* True if some usable range has `count` pages in a row that are free. */
static bool
room_for_map(size_t count)
{
    model_init();
    for (unsigned i = 0; i < boot_info.nr_ranges; i++) {
        size_t run = 0;
        for (size_t page = 0; page < ARENA_PAGES; page++) {
            bool good =
                model[page] == FREE && covered(ARENA + page * PAGE_SIZE, &boot_info.ranges[i]);
            run = good ? run + 1 : 0;
            if (run == count)
                return true;
        }
    }
    return false;
}

static void
test_random_maps(void **state)
{
    unsigned refused = 0;

    (void)state;
    for (unsigned seed = 1; seed <= 300; seed++) {
        enum ending ending = in_child(one_machine, seed);
        if (ending == FINE)
            continue;
        assert_int_equal(ending, NO_START);
        refused++;
        memset(&boot_info, 0, sizeof(boot_info));
        srand(seed);
        random_machine();
        assert_false(room_for_map(MAP_PAGES));
        memset(&boot_info, 0, sizeof(boot_info));
    }
    assert_true(refused < 75);
}

/* A machine of nearly 4 GiB and more behind it: the last page below 4 GiB is left alone, and
 * nothing wraps. Only the first pages are there to be touched. */
static void
large_machine(unsigned seed)
{
    (void)seed;
    add_range(0x100000000, BIT(33), BOOT_MEM_USABLE);
    add_range(ARENA, 0x200000000 - ARENA, BOOT_MEM_USABLE);
    add_range(0xc0000000, 0x40000000, BOOT_MEM_RESERVED);
    pages_init();
    CHECK(info().highest == 0xfffff000u);
    CHECK(info().total == 0xc0000000 - ARENA);
    CHECK(pages_contain((void *)0xffffeff0, 16));
    CHECK(!pages_contain((void *)0xffffeff0, 17));
    CHECK(!pages_contain((void *)ARENA, SIZE_MAX));
    CHECK(pages_contain((void *)0xc0000000, PAGE_SIZE)); /* a hole below the end of RAM */
    CHECK(!pages_contain((void *)0xfffff000, 1));
    CHECK(!pages_alloc(0));
    CHECK(!pages_alloc(SIZE_MAX));
    char *page = pages_alloc(1);
    CHECK((uintptr_t)page >= ARENA && (uintptr_t)page < ARENA_END);
    pages_free(page, 1);
}

/* Pages at a place of the caller's choice: all of them or none, zeroed, and nobody else's. */
static void
chosen_pages(unsigned seed)
{
    (void)seed;
    add_range(ARENA, ARENA_END - ARENA, BOOT_MEM_USABLE);
    pages_init();
    char *at = (char *)ARENA_END - 8 * PAGE_SIZE;
    size_t before = info().free;
    CHECK(pages_take(at, 4) && info().free == before - 4 * PAGE_SIZE);
    for (size_t i = 0; i < 4 * PAGE_SIZE; i++)
        CHECK(at[i] == 0);
    CHECK(!pages_take(at + 3 * PAGE_SIZE, 2) && !pages_take(at - PAGE_SIZE, 2));
    CHECK(!pages_take((char *)ARENA_END - PAGE_SIZE, 2));
    CHECK(!pages_take((void *)0x10100000, 1)); /* the image */
    CHECK(!pages_take(at + 4 * PAGE_SIZE, SIZE_MAX / PAGE_SIZE));
    CHECK(info().free == before - 4 * PAGE_SIZE);
    CHECK(pages_take(at + 4 * PAGE_SIZE, 4));
    pages_free(at, 4);
    CHECK(pages_take(at + PAGE_SIZE, 2) && info().free == before - 6 * PAGE_SIZE);
    for (char *page; (page = pages_alloc(1));)
        CHECK(page < at + PAGE_SIZE ||
              (page >= at + 3 * PAGE_SIZE && page < at + 4 * PAGE_SIZE));
}

static void
no_memory(unsigned seed)
{
    add_range(ARENA, seed, BOOT_MEM_USABLE);
    pages_init();
}

static void
test_extremes(void **state)
{
    (void)state;
    assert_int_equal(in_child(large_machine, 0), FINE);
    assert_int_equal(in_child(chosen_pages, 0), FINE);
    assert_int_equal(in_child(no_memory, 1), NO_START);
    assert_int_equal(in_child(no_memory, PAGE_SIZE - 1), NO_START);
    assert_int_equal(in_child(no_memory, 20 * PAGE_SIZE), FINE);
}

/* ---- modules ---- */

#define IMAGE     0x10100000ull
#define IMAGE_END 0x10123000ull
#define BORDER    (ARENA + 0x40000) /* of two usable ranges */
#define HOLE      (ARENA + 0x200000)

static void
test_modules(void **state)
{
    static const struct {
        uint64_t base, size;
        bool good;
    } cases[] = {
        {ARENA, 1, true},
        {ARENA - 1, 2, false},
        {BORDER - 100, 300, true},
        {ARENA_END - 300, 300, true},
        {ARENA_END - 300, 301, false},
        {ARENA_END, 1, false},
        {ARENA, UINT32_MAX, false},
        {IMAGE - 10, 10, true},
        {IMAGE - 10, 11, false},
        {IMAGE + 10, 10, false},
        {IMAGE_END - 1, 20, false},
        {IMAGE_END, 20, true},
        {IMAGE - 10, IMAGE_END - IMAGE + 20, false},
        {HOLE - 10, 10, true},
        {HOLE - 10, 11, false},
        {HOLE + 0x1fff, 20, false},
        {HOLE + 0x2000, 20, true},
        {0x100000000, 100, false}, /* RAM, but out of reach */
        {0xffffffff, 2, false},
    };
    const struct boot_module fine = {ARENA + 0x1000, 0x1000};

    (void)state;
    add_range(BORDER, ARENA_END - BORDER, BOOT_MEM_USABLE);
    add_range(HOLE, 0x2000, BOOT_MEM_RESERVED);
    add_range(0xf0000000, BIT(32), BOOT_MEM_USABLE);
    add_range(ARENA, BORDER - ARENA, BOOT_MEM_USABLE);
    boot_info.nr_modules = 2;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        boot_info.modules[0] = (struct boot_module){cases[i].base, cases[i].size};
        boot_info.modules[1] = fine;
        errors = 0;
        modules_check();
        assert_int_equal(errors, !cases[i].good);
        assert_int_equal(boot_info.modules[0].size, cases[i].good ? cases[i].size : 0);
        assert_memory_equal(&boot_info.modules[1], &fine, sizeof(fine));
        assert_int_equal(boot_info.nr_modules, 2);
    }
    memset(&boot_info, 0, sizeof(boot_info));
}

/* ---- wrong books end in a panic ---- */

static void
small_machine(void)
{
    add_range(ARENA, ARENA_END - ARENA, BOOT_MEM_USABLE);
    pages_init();
}

static void
wrong_free(unsigned kind)
{
    small_machine();
    char *object = kmalloc(100), *large = kmalloc(9000), *page = pages_alloc(2);

    switch (kind) {
    case 0:
        pages_free(page, 3);
        return;
    case 1:
        pages_free(page + 16, 1);
        return;
    case 2:
        pages_free((void *)ARENA_END, 1);
        return;
    case 3:
        pages_free(page, SIZE_MAX);
        return;
    case 4:
        kfree(page);
        return;
    case 5:
        kfree(large + PAGE_SIZE);
        return;
    default:
        kfree(object);
        kfree(large);
        kfree(NULL);
    }
}

static void
test_wrong_free(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 6; kind++)
        assert_int_equal(in_child(wrong_free, kind), PANICKED);
    assert_int_equal(in_child(wrong_free, 6), FINE);
}

/* ---- heap ---- */

#define CLASSES 8 /* of small objects */
#define OBJECTS 400

static struct {
    unsigned char *base;
    size_t size;
    unsigned char fill;
} objects[OBJECTS];

static size_t
random_size(void)
{
    switch (rand() % 8) {
    case 0:
        return (size_t)rand() % 20000;
    case 1:
        return (1u << rand() % 13) + (size_t)(rand() % 3) - 1;
    default:
        return (size_t)rand() % 300;
    }
}

static void
new_object(size_t i)
{
    size_t size = random_size();

    bool zeroed = rand() % 2;

    objects[i].base = zeroed ? kmalloc(size) : kmalloc_raw(size);
    if (!objects[i].base)
        return;
    CHECK((uintptr_t)objects[i].base % 16 == 0);
    for (size_t at = 0; zeroed && at < size; at++)
        CHECK(objects[i].base[at] == 0);
    objects[i].size = size;
    objects[i].fill = (unsigned char)(1 + rand() % 255);
    memset(objects[i].base, objects[i].fill, size);
}

/* Nobody else wrote into it. */
static void
end_object(size_t i)
{
    for (size_t at = 0; at < objects[i].size; at++)
        CHECK(objects[i].base[at] == objects[i].fill);
    kfree(objects[i].base);
    objects[i].base = NULL;
    objects[i].size = 0;
}

static void
heap_machine(unsigned seed)
{
    (void)seed;
    small_machine();
    size_t before = info().free;
    for (int round = 0; round < 20000; round++) {
        size_t i = (size_t)rand() % OBJECTS;
        if (objects[i].base)
            end_object(i);
        else
            new_object(i);
        CHECK(info().free + heap_bytes() == before && info().heap == heap_bytes());
    }
    for (size_t i = 0; i < OBJECTS; i++)
        end_object(i);
    CHECK(heap_bytes() <= CLASSES * PAGE_SIZE); /* one of each size waits for the next */
    CHECK(info().free + heap_bytes() == before);
}

/* All memory in objects of one size, then none left, then all back. */
static void
heap_exhausted(unsigned size)
{
    void **last = NULL, **object;

    small_machine();
    size_t before = info().free, n = 0;
    for (; (object = kmalloc(size)); last = object, n++)
        *object = last;
    CHECK(n * size > before / 5);
    CHECK(!kmalloc(SIZE_MAX) && !kmalloc(SIZE_MAX - 100));
    for (; last; last = object) {
        object = *last;
        kfree(last);
    }
    CHECK(heap_bytes() <= PAGE_SIZE);
    CHECK(info().free + heap_bytes() == before);
}

static void
test_heap(void **state)
{
    static const unsigned sizes[] = {8, 16, 17, 100, 1000, 1024, 1025, 5000, 70000};

    (void)state;
    for (unsigned seed = 1; seed <= 5; seed++)
        assert_int_equal(in_child(heap_machine, seed), FINE);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        assert_int_equal(in_child(heap_exhausted, sizes[i]), FINE);
}

static void
strings(unsigned seed)
{
    (void)seed;
    small_machine();
    char *copy = kstrdup("name");
    CHECK(strcmp(copy, "name") == 0);
    kfree(copy);
    while (kmalloc(16))
        continue;
    CHECK(!kstrdup("name"));
}

static void
test_strdup(void **state)
{
    (void)state;
    assert_int_equal(in_child(strings, 1), FINE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_maps), cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_wrong_free),  cmocka_unit_test(test_heap),
        cmocka_unit_test(test_strdup),      cmocka_unit_test(test_modules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
