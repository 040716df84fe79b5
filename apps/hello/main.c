/*
 * The smallest application that is still an ordinary C program: a line, its arguments, and an
 * exit code of its choice. Without printf there is little of the C library in the image, so
 * its size is the size of what every image has.
 */
#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
    puts("Hello from Ringlet!");
    for (int i = 1; i < argc; i++)
        puts(argv[i]);
    return argc > 1 ? atoi(argv[1]) : 0;
}
