/*
 * From the kernel's first thread into main. Here is what Linux's exec and the C library's
 * start file do elsewhere: arguments, environment and auxiliary vector in one row of words,
 * the way into system calls, and the thread pointer. Relies on linker.ld for the extent of
 * the image's thread-local data.
 */
#include "kernel/cmdline.h"
#include "kernel/cpu.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/libc/abi.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"
#include "lib/libc/tty.h"

#define TLS_ENTRY 14 /* of the GDT: selector 0x73, on every platform */

extern const char tls_start[], tls_data_end[], tls_size[], tls_align[]; /* linker.ld */

int main(int argc, char **argv, char **envp);
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*)(void),
                      void (*)(void), void (*)(void));

static char *const environment[] = {"HOME=/", "PATH=/", "TERM=xterm", "USER=root"};

static struct libc_thread first_thread;
static uint32_t canary[4];

/* There is no program header to point to: an image has its thread-local data described by
 * symbols, since no loader maps the headers. */
static struct abi_elf32_phdr tls_header = {.type = ABI_PT_TLS};

static bool
describe_tls(void)
{
    uintptr_t size = (uintptr_t)tls_size;

    /* The compiler takes it for granted that no object lies at address 0, so that a size given
     * as an address could not be 0. */
    __asm__("" : "+r"(size));
    tls_header.vaddr = tls_header.paddr = (uintptr_t)tls_start;
    tls_header.filesz = (uint32_t)(tls_data_end - tls_start);
    tls_header.memsz = size;
    tls_header.align = MAX((uint32_t)(uintptr_t)tls_align, 1);
    return tls_header.memsz > 0;
}

/*
 * AT_RANDOM seeds the stack protector and malloc's secret. Only real randomness is handed
 * over: a program may take these bytes for a key. Without any the vector has no such entry,
 * and the stack protector gets the clock, which at least differs from run to run.
 */
static bool
seed_canary(void)
{
    bool random = entropy_read(canary, sizeof(canary)) == 0;

    if (!random)
        canary[0] = (uint32_t)clock_now() * 2654435761u;
    gs_window.stack_canary = canary[0];
    return random;
}

/* One row: argv, NULL, environment, NULL, pairs of the auxiliary vector, 0. */
#define WORDS (CMDLINE_MAX_WORDS + 2 + ARRAY_SIZE(environment) + 1 + 2 * 9)

static uintptr_t words[WORDS];

static uintptr_t *
put_pair(uintptr_t *at, uintptr_t type, uintptr_t value)
{
    *at++ = type;
    *at++ = value;
    return at;
}

static void
fill_words(int argc, char **argv, bool has_tls, bool random)
{
    uintptr_t *at = words + argc + 1;

    assert(argc <= CMDLINE_MAX_WORDS + 1);
    memcpy(words, argv, (size_t)argc * sizeof(*argv));
    memcpy(at, environment, sizeof(environment));
    at += ARRAY_SIZE(environment) + 1;
    at = put_pair(at, ABI_AT_SYSINFO, (uintptr_t)syscall_entry);
    at = put_pair(at, ABI_AT_PAGESZ, PAGE_SIZE);
    at = put_pair(at, ABI_AT_CLKTCK, 100);
    at = put_pair(at, ABI_AT_HWCAP, cpu_features());
    if (random)
        at = put_pair(at, ABI_AT_RANDOM, (uintptr_t)canary);
    if (has_tls) {
        at = put_pair(at, ABI_AT_PHDR, (uintptr_t)&tls_header);
        at = put_pair(at, ABI_AT_PHENT, sizeof(tls_header));
        put_pair(at, ABI_AT_PHNUM, 1);
    }
}

/* mmap2 for one caller: musl asks for the memory of larger thread-local data before main, and
 * a program that never calls malloc has no other part that would serve it. */
static long
memory_for_tls(SYSCALL_ARGS)
{
    void *base = pages_alloc(PAGE_ALIGN((size_t)b) >> PAGE_SHIFT);

    return base ? (long)base : -ENOMEM;
}

static void
end_asked(void)
{
    signal_raise(ABI_SIGTERM);
}

/* The kernel aligns its stacks to a word; the C library's ABI wants 16 bytes from here on. */
__attribute__((force_align_arg_pointer)) int
application_run(int argc, char **argv)
{
    bool has_tls = describe_tls();

    thread_current()->data = &first_thread;
    gs_window.system_call = (uintptr_t)syscall_entry;
    kernel_end_asked = end_asked;
    syscall_init();
    tty_init();
    fill_words(argc, argv, has_tls, seed_canary());
    if (has_tls) {
        thread_use_gs_base();
        syscall_stand_in(192, memory_for_tls);
    }
    return __libc_start_main(main, argc, (char **)words, NULL, NULL, NULL);
}

/* ---- the calls with which musl starts and ends ---- */

/* The answer is a GDT entry; musl makes its selector 0x73 of it and loads %gs. */
static long
sys_set_thread_area(SYSCALL_ARGS)
{
    struct abi_user_desc *description = (struct abi_user_desc *)a;

    thread_set_tls(description->base_addr);
    description->entry_number = TLS_ENTRY;
    return 0;
}
SYSCALL(243, set_thread_area);

static long
sys_set_tid_address(SYSCALL_ARGS)
{
    ((struct libc_thread *)thread_current()->data)->clear_tid = (uint32_t *)a;
    return thread_current()->id;
}
SYSCALL(258, set_tid_address);

static long
sys_exit_group(SYSCALL_ARGS)
{
    kernel_leave((int)(a & 255));
}
SYSCALL(252, exit_group);
