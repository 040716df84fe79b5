/*
 * Runs a static program for 32-bit Linux from the root's files. All of it is lib/linux; here is what
 * to run: the words behind the image's name.
 */
#define _GNU_SOURCE /* environ */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include "lib/linux/linux.h"

#define EXIT_NOT_THERE 127 /* as shells have it */
#define EXIT_NOT_RUN   126

int
main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("linux: which program? Its path and arguments are the words of the command line:\n"
              "       ./run linux /bin/busybox ls -l /\n",
              stderr);
        return EXIT_NOT_THERE;
    }
    int error = linux_run(argv[1], argv + 1, environ);
    return error == -ENOENT ? EXIT_NOT_THERE : EXIT_NOT_RUN;
}
