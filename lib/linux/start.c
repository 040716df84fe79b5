/*
 * A program's first moments: its stack with arguments, environment and auxiliary vector as Linux lays
 * them out (System V i386 ABI, 2.3), registers that are 0, and the break behind it. execve does all of that
 * again, in the place of the program that calls it.
 */
#include "kernel/cpu.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "lib/libc/abi.h"
#include "lib/libc/program.h"
#include "lib/linux/linux.h"
#include "lib/linux/program.h"

#define MMAP2       192
#define MPROTECT    125
#define FLAGS_START 0x202 /* interrupts on; bit 1 always reads as 1 */
#define RANDOM_SIZE 16
#define ROOM_LEFT   (64 * 1024u) /* of the stack, for the program's own use */

/* The rest of this folder, and (linux.mk) every part of lib/libc. */
#define WITH(part)                           \
    extern const char libc_needs_##part[];   \
    static const void *const with_##part     \
        __attribute__((used, section(".discard.uses"))) = libc_needs_##part
WITH(linux_parts);
WITH(linux_calls);
WITH(linux_clone);
WITH(linux_memory);

static struct linux_thread first_thread;

static size_t
count(char *const list[])
{
    size_t n = 0;

    while (list && list[n])
        n++;
    return n;
}

/* A stack that is filled from its end down. */
static uintptr_t
put_bytes(uintptr_t *top, const void *bytes, size_t len)
{
    *top -= len;
    memcpy((void *)*top, bytes, len);
    return *top;
}

static uintptr_t
put_text(uintptr_t *top, const char *text)
{
    return put_bytes(top, text, strlen(text) + 1);
}

static size_t
length(char *const list[], size_t n)
{
    size_t len = 0;

    for (size_t i = 0; i < n; i++)
        len += strlen(list[i]) + 1 + sizeof(uintptr_t);
    return len;
}

static uintptr_t *
put_list(uintptr_t *at, uintptr_t *top, char *const list[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        *at++ = put_text(top, list[i]);
    *at++ = 0;
    return at;
}

/* Where the program headers lie in memory, which the C library looks for thread-local data in. */
static uintptr_t
headers_in_memory(const struct linux_image *image)
{
    uint32_t at = image->header.phoff;

    for (unsigned i = 0; i < image->header.phnum; i++) {
        const struct abi_elf32_phdr *part = &image->parts[i];
        if (part->type == ABI_PT_LOAD && at >= part->offset && at - part->offset < part->filesz)
            return image->base + part->vaddr + (at - part->offset);
    }
    return 0;
}

/* What Linux 6.1 hands over, but for the vDSO, which there is none of. */
static size_t
fill_auxiliary(uint32_t (*out)[2], const struct linux_image *image, uintptr_t execfn,
               uintptr_t platform_name, uintptr_t random)
{
    const uint32_t pairs[][2] = {
        {ABI_AT_SYSINFO, (uintptr_t)linux_entry},
        {ABI_AT_HWCAP, cpu_features()},
        {ABI_AT_PAGESZ, PAGE_SIZE},
        {ABI_AT_CLKTCK, 100},
        {ABI_AT_PHDR, headers_in_memory(image)},
        {ABI_AT_PHENT, sizeof(struct abi_elf32_phdr)},
        {ABI_AT_PHNUM, image->header.phnum},
        {ABI_AT_BASE, 0},
        {ABI_AT_FLAGS, 0},
        {ABI_AT_ENTRY, image->base + image->header.entry},
        {ABI_AT_UID, 0},
        {ABI_AT_UID + 1, 0},
        {ABI_AT_UID + 2, 0},
        {ABI_AT_UID + 3, 0},
        {ABI_AT_SECURE, 0},
        {ABI_AT_RANDOM, random},
        {ABI_AT_EXECFN, execfn},
        {ABI_AT_PLATFORM, platform_name},
        {0, 0},
    };

    if (out)
        memcpy(out, pairs, sizeof(pairs));
    return sizeof(pairs);
}

/* Programs take these bytes for granted. Without a source of randomness they get the clock. */
static uintptr_t
put_random(uintptr_t *top)
{
    uint32_t words[RANDOM_SIZE / 4];

    if (entropy_read(words, sizeof(words), clock_now() + ENTROPY_PATIENCE) != 0)
        for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
            words[i] = (uint32_t)clock_now() * 2654435761u;
    return put_bytes(top, words, sizeof(words));
}

/* All below `top`; the stack pointer to start with. */
static uintptr_t
fill_stack(uintptr_t top, const struct linux_image *image, const char *path, char *const argv[],
           char *const envp[])
{
    size_t argc = count(argv), nr_variables = count(envp);
    uintptr_t strings = top - 4; /* a word of zeroes ends it */
    uintptr_t execfn = put_text(&strings, path);
    uintptr_t name = put_text(&strings, "i686"), random = put_random(&strings);
    uintptr_t words = strings - length(argv, argc) - length(envp, nr_variables) -
                      fill_auxiliary(NULL, image, 0, 0, 0) - 3 * sizeof(uintptr_t);
    uintptr_t *sp = (uintptr_t *)(words & ~15u), *at = sp;

    *at++ = argc;
    at = put_list(at, &strings, argv, argc);
    at = put_list(at, &strings, envp, nr_variables);
    fill_auxiliary((uint32_t (*)[2])at, image, execfn, name, random);
    return (uintptr_t)sp;
}

int
linux_program_begin(struct linux_image *image, const char *path, char *const argv[],
                    char *const envp[])
{
    struct linux_thread *self = linux_self();
    size_t need = length(argv, count(argv)) + length(envp, count(envp)) + 2 * strlen(path);

    if (need > LINUX_STACK_SIZE - ROOM_LEFT) {
        ksnprintf(image->why, sizeof(image->why), "gets arguments that do not fit on its stack");
        file_release(image->file);
        return -E2BIG;
    }
    int error = linux_image_load(image);
    if (error)
        return error;
    long stack = linux_call(MMAP2, 0, LINUX_STACK_SIZE + PAGE_SIZE, ABI_PROT_READ | ABI_PROT_WRITE,
                            ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS, -1, 0);
    if ((unsigned long)stack > -(unsigned long)PAGE_SIZE ||
        linux_call(MPROTECT, stack, PAGE_SIZE, ABI_PROT_NONE, 0, 0, 0)) {
        ksnprintf(image->why, sizeof(image->why), "finds no memory for its stack");
        return -ENOMEM;
    }
    uintptr_t top = (uintptr_t)stack + PAGE_SIZE + LINUX_STACK_SIZE;
    self->regs = (struct linux_registers){
        .frame = {.cs = self->regs.frame.cs,
                  .eflags = FLAGS_START,
                  .eip = image->base + image->header.entry},
        .esp = fill_stack(top, image, path, argv, envp),
    };
    linux_fpu_fresh(self->fpu);
    linux_brk_start(image->base + image->high);
    return 0;
}

/* ---- the first program ---- */

int
linux_run(const char *path, char *const argv[], char *const envp[])
{
    struct linux_thread *self = &first_thread;
    struct linux_image *image = kmalloc(sizeof(*image));

    program_end();
    if (!image)
        return -ENOMEM;
    thread_current()->data = self;
    self->stack = (uintptr_t)__builtin_frame_address(0) & ~15u;
    __asm__("movl %%cs, %0" : "=r"(self->regs.frame.cs));
    thread_use_gs_base();
    linux_gate_init();
    linux_signals_init();
    int error = linux_image_open(image, path);
    if (!error)
        error = linux_program_begin(image, path, argv, envp);
    if (error)
        log_error("linux: %s %s", path, image->why);
    kfree(image);
    if (error)
        return error;
    linux_leave();
}

/* ---- the next one in its place ---- */

/* A copy in the kernel's memory; the rest of the program's goes away. */
static char **
copy_list(char *const list[])
{
    size_t n = count(list), words = (n + 1) * sizeof(char *);
    char **copy = kmalloc(words + length(list, n));
    char *at = (char *)copy + words;

    for (size_t i = 0; copy && i < n; i++) {
        size_t len = strlen(list[i]) + 1;
        copy[i] = memcpy(at, list[i], len);
        at += len;
    }
    return copy;
}

/* Other threads would find their memory gone. */
static bool
is_alone(void)
{
    for (struct thread *t = thread_next(NULL); t; t = thread_next(t))
        if (t->data && t != thread_current())
            return false;
    return true;
}

static void
close_on_exec(void)
{
    for (int fd = 0; fd < fd_end(); fd++) {
        const bool *close = fd_close_on_exec(fd);
        if (close && *close)
            fd_close(fd);
    }
}

/* From here on there is no program to return to. */
static void
replace(struct linux_image *image, const char *path, char **argv, char **envp)
{
    struct linux_thread *self = linux_self();

    close_on_exec();
    linux_signals_reset();
    self->libc.other_stack = (struct abi_stack){0};
    self->libc.clear_tid = NULL;
    linux_memory_drop_all();
    if (linux_program_begin(image, path, argv, envp)) {
        log_error("linux: %s %s", path, image->why);
        kernel_leave(SIGNAL_EXIT(ABI_SIGKILL)); /* as Linux ends a program whose exec fails late */
    }
    thread_set_tls(0);
    self->replaced = true;
}

LINUX_CALL(11, execve, true, const char *path, char *const argv[], char *const envp[])
{
    struct linux_image *image = kmalloc(sizeof(*image));
    char **arguments = copy_list(argv), **variables = copy_list(envp), *name = kstrdup(path);
    int error = image && arguments && variables && name ? 0 : -ENOMEM;

    if (!error)
        error = is_alone() ? linux_image_open(image, name) : -EAGAIN;
    if (!error)
        replace(image, name, arguments, variables);
    kfree(image);
    kfree(arguments);
    kfree(variables);
    kfree(name);
    return error;
}
