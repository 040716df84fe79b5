/*
 * What the files of /proc say, in Linux's format (proc(5)). Each number is true or, where nothing here
 * counts it, 0. There is one process, and its name is the image's.
 */
#include <stdarg.h>
#include "arch/x86/cpu/cpu.h"
#include "kernel/cmdline.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "kernel/thread.h"
#include "lib/fs/proc.h"
#include "lib/libc/clock.h"
#include "lib/libc/ids.h"

#define TICKS_PER_SEC 100
#define PAGE_BYTES    4096
#define COMM_MAX      15 /* bytes of a name that Linux keeps */

static void PRINTF_LIKE(2, 3) say(struct proc_text *text, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    size_t room = text->size - text->len;
    int len = kvsnprintf(text->at + text->len, room, format, ap);
    va_end(ap);
    text->len += MIN((size_t)len, room - 1);
}

static unsigned long long
ticks(uint64_t ns)
{
    return ns / (NSEC_PER_SEC / TICKS_PER_SEC);
}

/* Seconds with two places behind the point. */
static void
say_seconds(struct proc_text *text, uint64_t ns)
{
    unsigned long long hundredths = ns / (NSEC_PER_SEC / 100);

    say(text, "%llu.%02u", hundredths / 100, (unsigned)(hundredths % 100));
}

static unsigned
count_threads(void)
{
    unsigned count = 0;

    for (struct thread *t = thread_next(NULL); t; t = thread_next(t))
        count += t->data != NULL; /* others are not the program's */
    return count;
}

/* ---- the machine ---- */

static void
meminfo(struct proc_text *text)
{
    struct memory_info memory;

    memory_info(&memory);
    say(text, "MemTotal:       %8zu kB\nMemFree:        %8zu kB\nMemAvailable:   %8zu kB\n",
        memory.total >> 10, memory.free >> 10, memory.free >> 10);
    say(text, "Buffers:               0 kB\nCached:                0 kB\n");
    say(text,
        "SwapCached:            0 kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\n");
    say(text, "Slab:           %8zu kB\n", memory.heap >> 10);
}

static void
cpuinfo(struct proc_text *text)
{
    struct cpuid first = cpu_id(0), second = cpu_id(1);
    unsigned family = second.eax >> 8 & 15, model = second.eax >> 4 & 15;
    char vendor[13] = "";

    if (family == 6 || family == 15)
        model |= second.eax >> 12 & 0xf0;
    if (family == 15)
        family += second.eax >> 20 & 255;
    memcpy(vendor, &first.ebx, 4);
    memcpy(vendor + 4, &first.edx, 4);
    memcpy(vendor + 8, &first.ecx, 4);
    say(text, "processor\t: 0\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n", vendor,
        family, model);
    say(text, "stepping\t: %u\nsiblings\t: 1\ncpu cores\t: 1\n\n", second.eax & 15);
}

static void
uptime(struct proc_text *text)
{
    say_seconds(text, clock_now());
    say(text, " ");
    say_seconds(text, thread_idle_time());
    say(text, "\n");
}

static void
loadavg(struct proc_text *text)
{
    say(text, "0.00 0.00 0.00 1/%u 1\n", count_threads());
}

static void
stat(struct proc_text *text)
{
    unsigned long long busy = ticks(clock_processor()), idle = ticks(thread_idle_time());

    say(text, "cpu  %llu 0 0 %llu 0 0 0 0 0 0\ncpu0 %llu 0 0 %llu 0 0 0 0 0 0\n", busy, idle,
        busy, idle);
    say(text, "intr 0\nctxt 0\nbtime %llu\n",
        (unsigned long long)(platform->wall_base() / NSEC_PER_SEC));
    say(text, "processes 1\nprocs_running 1\nprocs_blocked 0\n");
}

static void
mounts(struct proc_text *text)
{
    for (struct fs_mount *m = fs_next(NULL); m; m = fs_next(m))
        say(text, "%s %s %s %s,relatime 0 0\n", m->type->name, m->where, m->type->name,
            m->type->read_only ? "ro" : "rw");
}

static void
version(struct proc_text *text)
{
    say(text, "Ringlet version 0.1 unikernel\n");
}

static void
ostype(struct proc_text *text)
{
    say(text, "Ringlet\n");
}

static void
osrelease(struct proc_text *text)
{
    say(text, "0.1\n");
}

static void
hostname(struct proc_text *text)
{
    const char *host = cmdline_word(NULL, "hostname");

    say(text, "%s\n", host ? host : "ringlet");
}

/* ---- the process ---- */

static void
say_with_nul(struct proc_text *text, const char *word)
{
    size_t len = strlen(word) + 1;

    if (len > text->size - text->len)
        return;
    memcpy(text->at + text->len, word, len);
    text->len += len;
}

static void
self_cmdline(struct proc_text *text)
{
    say_with_nul(text, cmdline_program());
    for (char *word = NULL; (word = cmdline_argument(word));)
        say_with_nul(text, word);
}

static void
self_comm(struct proc_text *text)
{
    say(text, "%.*s\n", COMM_MAX, cmdline_program());
}

static size_t
used_bytes(void)
{
    struct memory_info memory;

    memory_info(&memory);
    return memory.total - memory.free;
}

/* Process, parent, group and session; terminal; flags and faults; times; priority; threads; start;
 * memory; its limit; and what is 0 here. */
static void
self_stat(struct proc_text *text)
{
    size_t used = used_bytes();

    say(text, "1 (%.*s) R 0 1 1 0 -1 0 0 0 0 0 %llu 0 0 0 20 0 %u 0 0 %zu %zu 4294967295",
        COMM_MAX, cmdline_program(), ticks(clock_processor()), count_threads(), used,
        used / PAGE_BYTES);
    say(text, " 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
}

static void
self_statm(struct proc_text *text)
{
    size_t pages = used_bytes() / PAGE_BYTES;

    say(text, "%zu %zu 0 0 0 %zu 0\n", pages, pages, pages);
}

static void
self_status(struct proc_text *text)
{
    uint32_t uid = 0, gid = 0;
    size_t used = used_bytes() >> 10;

    if (ids_of_files)
        ids_of_files(&uid, &gid);
    say(text, "Name:\t%.*s\nState:\tR (running)\nTgid:\t1\nPid:\t1\nPPid:\t0\nTracerPid:\t0\n",
        COMM_MAX, cmdline_program());
    say(text, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", uid, uid, uid, uid, gid, gid, gid,
        gid);
    say(text, "FDSize:\t%d\nVmSize:\t%8zu kB\nVmRSS:\t%8zu kB\nThreads:\t%u\n", fd_end(), used,
        used, count_threads());
}

const struct proc_file proc_files[] = {
    {"meminfo", meminfo},
    {"cpuinfo", cpuinfo},
    {"uptime", uptime},
    {"loadavg", loadavg},
    {"stat", stat},
    {"mounts", mounts},
    {"version", version},
    {"self", NULL},
    {"self/cmdline", self_cmdline},
    {"self/comm", self_comm},
    {"self/mounts", mounts},
    {"self/stat", self_stat},
    {"self/statm", self_statm},
    {"self/status", self_status},
    {"self/fd", NULL},
    {"sys", NULL},
    {"sys/kernel", NULL},
    {"sys/kernel/hostname", hostname},
    {"sys/kernel/osrelease", osrelease},
    {"sys/kernel/ostype", ostype},
};
const size_t proc_files_count = ARRAY_SIZE(proc_files);
