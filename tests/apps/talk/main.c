/*
 * Says COUNT lines of 100 characters, each with its number, and leaves with the exit code CODE,
 * or by a panic where CODE is "panic": talk COUNT CODE.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/kernel.h"

int
main(int argc, char **argv)
{
    if (argc != 3) {
        puts("talk COUNT CODE");
        return 2;
    }
    for (int i = 0, count = atoi(argv[1]); i < count; i++)
        printf("%08d %091d\n", i, 0);
    if (strcmp(argv[2], "panic") == 0)
        panic("as asked");
    return atoi(argv[2]);
}
