/*
 * The table of commands, and finding one in it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shell.h"

static const struct command *
find(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

static int
unknown(const char *name)
{
    fprintf(stderr, "%s: no such command (help shows what there is)\n", name);
    return 127;
}

static void
describe(const struct command *c)
{
    int width = printf("  %s %s", c->name, c->arguments);

    if (width > 32)
        width = printf("\n") - 1;
    printf("%*s%s\n", 34 - width, "", c->what);
}

static int
cmd_help(int argc, char **argv)
{
    if (argc > 2)
        return command_usage("help");
    if (argc == 2) {
        const struct command *command = find(argv[1]);
        if (!command)
            return unknown(argv[1]);
        describe(command);
        return 0;
    }
    for (const struct command *c = commands; c->name; c++)
        describe(c);
    printf("Keys: arrows, Home, End, Tab, ^A ^E ^K ^U ^W ^L ^C ^D. Words may be quoted.\n");
    return 0;
}

const struct command commands[] = {
    {"help", "[COMMAND]", "what there is", cmd_help},
    {"dev", "", "virtio devices: transport, features, queues, counters", cmd_dev},
    {"net", "", "network interfaces, addresses, counters, name servers", cmd_net},
    {"ping", "HOST [COUNT]", "ask a host for an answer (ICMP, IPv4 and IPv6)", cmd_ping},
    {"blk", "", "disks: size, serial number, counters", cmd_blk},
    {"blktest", "[--read-only] DISK [SEED] [COUNT]", "overwrite a disk at random and check it",
     cmd_blktest},
    {"ls", "[-l] [PATH...]", "files in a folder", cmd_ls},
    {"cat", "FILE...", "what is in a file", cmd_cat},
    {"cd", "[FOLDER]", "go to a folder", cmd_cd},
    {"pwd", "", "where that is", cmd_pwd},
    {"sha256", "FILE|DISK...", "SHA-256 of files and of disks, such as vda", cmd_sha256},
    {"hexdump", "FILE|DISK [AT [BYTES]]", "bytes of files and of disks", cmd_hexdump},
    {"cp", "[-r] FROM... TO", "copy files, with -r folders", cmd_cp},
    {"mv", "FROM... TO", "rename, or move to another folder", cmd_mv},
    {"rm", "[-r] PATH...", "remove files, with -r folders", cmd_rm},
    {"mkdir", "FOLDER...", "make folders", cmd_mkdir},
    {"mount", "", "what is mounted where", cmd_mount},
    {"df", "", "room on what is mounted", cmd_df},
    {"wget", "http://HOST[:PORT]/PATH [FILE]", "get a file by HTTP", cmd_wget},
    {"nc", "HOST PORT | -l PORT", "talk over TCP, until ^C or the peer's end", cmd_nc},
    {"top", "[TIMES]", "who runs, each second, until ^C", cmd_top},
    {"mem", "", "memory: total, free, least free so far", cmd_mem},
    {"threads", "", "threads and what they do", cmd_threads},
    {"uptime", "", "time since the start", cmd_uptime},
    {"date", "", "date and time (UTC)", cmd_date},
    {"log", "", "what the kernel said so far", cmd_log},
    {"panic", "", "see a panic, with its backtrace", cmd_panic},
    {"restart", "", "start the machine again", cmd_restart},
    {"exit", "[CODE]", "leave, with an exit code from 0 to 255", cmd_exit},
    {NULL, NULL, NULL, NULL},
};

int
command_run(int argc, char **argv)
{
    const struct command *command = find(argv[0]);

    if (!command)
        return unknown(argv[0]);
    interrupted = 0;
    int status = command->run(argc, argv);
    fflush(stdout);
    return interrupted ? 130 : status;
}

int
command_usage(const char *name)
{
    const struct command *command = find(name);
    const char *arguments = command ? command->arguments : "";

    fprintf(stderr, "Usage: %s%s%s\n", name, *arguments ? " " : "", arguments);
    return 2;
}

int
complain(const char *command, const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", command, what, strerror(errno));
    return 1;
}

bool
write_all(int file, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(file, data, len);
        if (n < 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

bool
parse_count(const char *text, uint64_t max, uint64_t *out)
{
    char *end;

    errno = 0;
    unsigned long long value = strtoull(text, &end, 0);
    if (text[0] < '0' || text[0] > '9' || *end || errno || value > max) {
        fprintf(stderr, "%s: not a number from 0 to %llu\n", text, (unsigned long long)max);
        return false;
    }
    *out = value;
    return true;
}
