/*
 * Prints what became of the command line: argv, the environment, each word that the kernel knows, looked up
 * plainly and for two interfaces, and all of one that may repeat. tests/system/test_cmdline.py
 * compares it with the table of cases.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
#include "kernel/cmdline.h"

static const char *const keys[] = {"ip",      "gw",   "dns", "ip6",
                                   "console", "root", "log", "hostname"};
static const char repeating[] = "virtio_mmio.device";
static const char *const interfaces[] = {NULL, "eth0", "eth1", "eth10"};

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        printf("arg %s\n", argv[i]);
    for (size_t i = 0; i < sizeof(interfaces) / sizeof(interfaces[0]); i++) {
        for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
            const char *value = cmdline_word(interfaces[i], keys[k]);
            if (value)
                printf("word %s%s%s %s\n", interfaces[i] ? interfaces[i] : "",
                       interfaces[i] ? ":" : "", keys[k], value);
        }
    }
    for (char **variable = environ; *variable; variable++) {
        char first = **variable;
        **variable = '?'; /* it is the program's to write to */
        **variable = first;
        printf("env %s\n", *variable);
    }
    const char *value;
    for (int n = 0; (value = cmdline_nth(repeating, n)); n++)
        printf("nth %d %s %s\n", n, repeating, value);
    return 0;
}
