/*
 * The command line: the original launcher's, and what a present-day user expects beside it.
 * Options end at the memory size, so that the guest's own arguments may begin with dashes.
 * Every mistake is one sentence and status 2.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "launcher/check/check.h"
#include "launcher/launcher.h"

#define VERSION        "lguest (Ringlet) 0.1\n"
#define MIB            (1u << 20)
#define MEMORY_MAX_MIB 3072
#define TIMEOUT_MAX    1000000

struct options options = {.abi = ABI_N2};

static const char usage[] =
    "Usage: lguest [OPTION]... MEMORY KERNEL [ARGUMENT]...\n"
    "Runs a 32-bit guest of the lguest interface. MEMORY is in MiB, or has a suffix M or G.\n"
    "The ARGUMENTs are the guest's command line. Devices appear in the order of their "
    "options.\n"
    "\n"
    "  --block=FILE[,ro]         a disk; with ,ro never written\n"
    "  --record=FILE             for tests: writes and flushes of the first disk, in order\n"
    "  --net=user[,hostfwd=tcp:[ADDRESS:]PORT-:PORT]...[,mac=MAC]\n"
    "                            a network behind this machine's, no privileges needed\n"
    "  --net=tap:NAME[,mac=MAC]  an existing tap\n"
    "  --tunnet=(IP[:MAC]|bridge:NAME[:MAC])\n"
    "                            a new tap, which needs CAP_NET_ADMIN\n"
    "  --rng                     a source of random numbers\n"
    "  --initrd=FILE             loaded at the top of memory\n"
    "  --console=FILE|PTY|raw    console output to FILE, or a new pseudo-terminal; raw: standard\n"
    "                            input and output are bytes, and have an end (stdio=raw)\n"
    "  --timeout=SECONDS         stop it after that time, with status 124\n"
    "  --trace                   print hypercalls, notifies and interrupts\n"
    "  --stats                   print counters at the end\n"
    "  --strict                  end a guest that breaks a rule which this host would forgive\n"
    "  --hostile=KIND            for tests: a host that lies; KIND=help lists how\n"
    "  --abi=N1|N2|N3            layout of lguest_data (N2: Linux 3.x)\n"
    "  --no-tsc                  do not vouch for the processor's clock (tsc_khz 0)\n"
    "  --no-gate                 every hypercall is an exit\n"
    "  --probe                   tell whether this machine can run guests, by the exit status\n"
    "  --verbose  --help  --version\n"
    "\n"
    "Exit status: the guest's own; 1 the guest died; 2 a mistake in the command line; 124 time\n"
    "is up; 128 and more a signal. Three ^C within a second end it.\n";

enum {
    OPT_BLOCK = 256,
    OPT_RECORD,
    OPT_NET,
    OPT_TUNNET,
    OPT_RNG,
    OPT_INITRD,
    OPT_CONSOLE,
    OPT_TIMEOUT,
    OPT_TRACE,
    OPT_STATS,
    OPT_STRICT,
    OPT_HOSTILE,
    OPT_ABI,
    OPT_NO_TSC,
    OPT_NO_GATE,
    OPT_PROBE,
    OPT_VERBOSE,
    OPT_HELP,
    OPT_VERSION,
};

static const struct option names[] = {
    {"block", required_argument, NULL, OPT_BLOCK},
    {"record", required_argument, NULL, OPT_RECORD},
    {"net", required_argument, NULL, OPT_NET},
    {"tunnet", required_argument, NULL, OPT_TUNNET},
    {"rng", no_argument, NULL, OPT_RNG},
    {"initrd", required_argument, NULL, OPT_INITRD},
    {"console", required_argument, NULL, OPT_CONSOLE},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"trace", no_argument, NULL, OPT_TRACE},
    {"stats", no_argument, NULL, OPT_STATS},
    {"strict", no_argument, NULL, OPT_STRICT},
    {"hostile", required_argument, NULL, OPT_HOSTILE},
    {"abi", required_argument, NULL, OPT_ABI},
    {"no-tsc", no_argument, NULL, OPT_NO_TSC},
    {"no-gate", no_argument, NULL, OPT_NO_GATE},
    {"probe", no_argument, NULL, OPT_PROBE},
    {"verbose", no_argument, NULL, OPT_VERBOSE},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

static _Noreturn void
print_and_leave(const char *text)
{
    write_all(STDOUT_FILENO, text, strlen(text));
    leave(0);
}

/* A decimal number from 1 to max; sets *end behind it. False if it is not that. */
static bool
number(const char *text, unsigned long max, unsigned long *value, const char **end)
{
    char *stop;
    errno = 0;
    *value = strtoul(text, &stop, 10);
    *end = stop;
    return *text >= '0' && *text <= '9' && errno == 0 && *value >= 1 && *value <= max;
}

static uint32_t
parse_memory(const char *text)
{
    unsigned long value;
    const char *end;
    bool good = number(text, MEMORY_MAX_MIB, &value, &end);
    if (strcmp(end, "G") == 0)
        value *= 1024;
    else if (strcmp(end, "") != 0 && strcmp(end, "M") != 0)
        usage_error("'%s' is no memory size, which comes first: write 64, 64M or 1G", text);
    if (!good || value > MEMORY_MAX_MIB)
        usage_error("memory '%s': it has to be from 1 to %u MiB", text, MEMORY_MAX_MIB);
    return value * MIB;
}

static unsigned
parse_timeout(const char *text)
{
    unsigned long value;
    const char *end;
    if (!number(text, TIMEOUT_MAX, &value, &end) || *end)
        usage_error("--timeout=%s: it has to be a whole number of seconds, 1 to %u", text,
                    TIMEOUT_MAX);
    return value;
}

static enum abi
parse_abi(const char *text)
{
    if (text[0] == 'N' && text[1] >= '1' && text[1] <= '3' && !text[2])
        return ABI_N1 + (text[1] - '1');
    usage_error("--abi=%s: the layouts are N1, N2 and N3", text);
}

static void
add_device(enum device_kind kind, char *value)
{
    static unsigned lines = CONSOLE_LINES;
    lines += kind == DEVICE_BLOCK || kind == DEVICE_RNG ? 1 : 2;
    if (lines > DEVICE_LINES)
        usage_error("too many devices: there are %u interrupt lines; the console and a network "
                    "card take two each, a disk and --rng one",
                    DEVICE_LINES);
    options.devices[options.nr_devices].kind = kind;
    options.devices[options.nr_devices++].value = value;
}

static void
add_net(char *value)
{
    if (strncmp(value, "tap:", 4) == 0)
        add_device(DEVICE_TAP, value + 4);
    else if (strcmp(value, "user") == 0 || strncmp(value, "user,", 5) == 0)
        add_device(DEVICE_USERNET, value + 4);
    else
        usage_error("--net=%s: it has to be user[,...] or tap:NAME", value);
}

static char *
join(char **words)
{
    size_t len = 1;
    for (char **word = words; *word; word++)
        len += strlen(*word) + 1;
    char *line = malloc(len), *at = line;
    if (!line)
        die("out of memory");
    *at = '\0';
    for (char **word = words; *word; word++) {
        if (word != words)
            *at++ = ' ';
        at = stpcpy(at, *word);
    }
    return line;
}

/* For what there can be one of: the first would be forgotten without a word. */
static void
set_once(const char **where, const char *value, const char *name)
{
    if (*where)
        usage_error("--%s was given twice: %s and %s", name, *where, value);
    *where = value;
}

static void
parse_option(int option, char *value, const char *word)
{
    if (value && !*value)
        usage_error("%s needs a value; --help lists the options", word);
    switch (option) {
    case OPT_BLOCK:
        add_device(DEVICE_BLOCK, value);
        return;
    case OPT_RECORD:
        set_once(&options.record, value, "record");
        return;
    case OPT_NET:
        add_net(value);
        return;
    case OPT_TUNNET:
        add_device(DEVICE_TUNNET, value);
        return;
    case OPT_RNG:
        add_device(DEVICE_RNG, NULL);
        return;
    case OPT_INITRD:
        set_once(&options.initrd, value, "initrd");
        return;
    case OPT_CONSOLE:
        set_once(&options.console, value, "console");
        return;
    case OPT_TIMEOUT:
        options.timeout = parse_timeout(value);
        return;
    case OPT_TRACE:
        options.trace = true;
        return;
    case OPT_STATS:
        options.stats = true;
        return;
    case OPT_STRICT:
        strict_choose();
        return;
    case OPT_HOSTILE:
        hostile_choose(value);
        return;
    case OPT_ABI:
        options.abi = parse_abi(value);
        return;
    case OPT_NO_TSC:
        options.no_tsc = true;
        return;
    case OPT_NO_GATE:
        options.no_gate = true;
        return;
    case OPT_PROBE:
        options.probe = true;
        return;
    case 'v':
    case OPT_VERBOSE:
        options.verbose = true;
        return;
    case OPT_HELP:
        print_and_leave(usage);
    case OPT_VERSION:
        print_and_leave(VERSION);
    case ':':
        usage_error("%s needs a value; --help lists the options", word);
    default:
        usage_error("%s is no option, or takes no value; --help lists the options", word);
    }
}

void
options_parse(int argc, char **argv)
{
    opterr = 0;
    for (;;) {
        const char *word = argv[optind];
        int option = getopt_long(argc, argv, "+:v", names, NULL);
        if (option == -1)
            break;
        parse_option(option, optarg, word);
    }
    if (options.probe)
        return;
    if (argc - optind < 2)
        usage_error("a memory size and a kernel are needed; --help explains");
    options.memory = parse_memory(argv[optind]);
    options.kernel = argv[optind + 1];
    options.command_line = join(argv + optind + 2);
}
