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
#include "lib/libc/program.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"
#include "lib/libc/tty.h"

#define TLS_ENTRY 14 /* of the GDT: selector 0x73, on every platform */

extern const char tls_start[], tls_data_end[], tls_size[], tls_align[]; /* linker.ld */

int main(int argc, char **argv, char **envp);
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv);
int __set_thread_area(void *base);

/* Writable, as programs expect it: putenv's callers edit in place. */
static char defaults[][12] = {"HOME=/", "PATH=/", "TERM=xterm", "USER=root"};
static char name[64]; /* argv[0] */

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
    bool random = entropy_read(canary, sizeof(canary), clock_now() + ENTROPY_PATIENCE) == 0;

    if (!random)
        canary[0] = (uint32_t)clock_now() * 2654435761u;
    gs_window.stack_canary = canary[0];
    return random;
}

/* ---- arguments, environment, auxiliary vector ---- */

static bool
named_later(const uintptr_t *variable, const uintptr_t *end)
{
    const char *name = (const char *)*variable;
    size_t len = (size_t)(strchr(name, '=') - name) + 1;

    while (++variable < end)
        if (strncmp(name, (const char *)*variable, len) == 0)
            return true;
    return false;
}

/* Of variables of one name the last one counts, and it takes a default's place. */
static uintptr_t *
put_environment(uintptr_t *at)
{
    uintptr_t *first = at, *kept = at;

    for (unsigned i = 0; i < ARRAY_SIZE(defaults); i++)
        *at++ = (uintptr_t)defaults[i];
    for (char *v = NULL; (v = cmdline_variable(v));)
        *at++ = (uintptr_t)v;
    for (uintptr_t *it = first; it < at; it++)
        if (!named_later(it, at))
            *kept++ = *it;
    *kept++ = 0;
    return kept;
}

static uintptr_t *
put_arguments(uintptr_t *at)
{
    *at++ = (uintptr_t)name;
    for (char *argument = NULL; (argument = cmdline_argument(argument));)
        *at++ = (uintptr_t)argument;
    *at++ = 0;
    return at;
}

static uintptr_t *
put_pair(uintptr_t *at, uintptr_t type, uintptr_t value)
{
    *at++ = type;
    *at++ = value;
    return at;
}

static void
put_auxiliary(uintptr_t *at, bool has_tls, bool random)
{
    at = put_pair(at, ABI_AT_SYSINFO, (uintptr_t)syscall_entry);
    at = put_pair(at, ABI_AT_PAGESZ, PAGE_SIZE);
    at = put_pair(at, ABI_AT_CLKTCK, 100);
    at = put_pair(at, ABI_AT_HWCAP, cpu_features());
    if (random)
        at = put_pair(at, ABI_AT_RANDOM, (uintptr_t)canary);
    if (has_tls) {
        at = put_pair(at, ABI_AT_PHDR, (uintptr_t)&tls_header);
        at = put_pair(at, ABI_AT_PHENT, sizeof(tls_header));
        at = put_pair(at, ABI_AT_PHNUM, 1);
    }
    put_pair(at, 0, 0);
}

/* Words of the row: argv, NULL, environment, NULL, pairs of the auxiliary vector. */
static size_t
count_words(void)
{
    size_t n = 1 + 1 + ARRAY_SIZE(defaults) + 1 + 2 * 9;

    for (char *word = NULL; (word = cmdline_argument(word));)
        n++;
    for (char *word = NULL; (word = cmdline_variable(word));)
        n++;
    return n;
}

/* mmap2 for one caller: musl asks for the memory of larger thread-local data before main, and
 * a program that never calls malloc has no other part that would serve it. */
static long
memory_for_tls(UNUSED uintptr_t address, size_t len)
{
    void *base = pages_alloc(PAGE_ALIGN(len) >> PAGE_SHIFT);

    return base ? (long)base : -ENOMEM;
}

static const struct syscall mmap_for_tls = {192, "mmap2", (void (*)(void))memory_for_tls,
                                            false};

static void
end_asked(void)
{
    signal_raise(ABI_SIGTERM);
}

/*
 * The row lies at the top of the stack, where Linux has it: the C library finds the main thread's
 * stack by the auxiliary vector.
 */
int
application_run(void)
{
    size_t words = count_words(), room = thread_current()->stack_size / 2;
    bool has_tls = describe_tls();

    if (words * sizeof(uintptr_t) > room) {
        log_error("%zu words of arguments and environment do not fit into half of the stack, "
                  "%zu bytes; give the machine more memory",
                  words, room);
        return EXIT_NO_START;
    }
    uintptr_t *row = __builtin_alloca(words * sizeof(*row));
    thread_current()->data = &first_thread;
    gs_window.system_call = (uintptr_t)syscall_entry;
    kernel_end_asked = end_asked;
    syscall_init();
    tty_init();
    if (program_init)
        program_init();
    memcpy(name, cmdline_program(), MIN(strlen(cmdline_program()), sizeof(name) - 1));
    uintptr_t *at = put_environment(put_arguments(row));
    put_auxiliary(at, has_tls, seed_canary());
    if (has_tls) {
        thread_use_gs_base();
        syscall_stand_in(&mmap_for_tls);
    }
    int argc = 0;
    while (row[argc])
        argc++;
    program_begin();
    return (int)program_call(0, (program_fn *)__libc_start_main, (long)main, argc, (long)row);
}

/* ---- the calls with which musl starts and ends ---- */

/* In the place of musl's, which makes the call below by `int $0x80`: under lguest two exits of the
 * host's. %gs has its selector already. */
int
__set_thread_area(void *base)
{
    thread_set_tls((uintptr_t)base);
    return 0;
}

/* The answer is a GDT entry; musl makes its selector 0x73 of it and loads %gs. */
SYSCALL(243, set_thread_area, struct abi_user_desc *description)
{
    thread_set_tls(description->base_addr);
    description->entry_number = TLS_ENTRY;
    return 0;
}

SYSCALL(258, set_tid_address, uint32_t *clear_tid)
{
    ((struct libc_thread *)thread_current()->data)->clear_tid = clear_tid;
    return thread_current()->id;
}

SYSCALL(252, exit_group, int status)
{
    kernel_leave(status & 255);
}
