/* stdio, where it meets the system: modes, buffers, positions, errors that stay. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "show.h"

static char line[200];

static void
opening(void)
{
    FILE *f;

    SHOW(fopen("/nothere", "r") ? 0 : -1);
    SHOW(fopen("/new", "w") ? 0 : -1);
    SHOW(fopen("/dir/a.txt", "r+") ? 0 : -1);
    SHOW(fopen("/dir/a.txt", "z") ? 0 : -1);
    SHOW(fopen("/dir/a.txt", "wx") ? 0 : -1);
    SHOW(fdopen(99, "r") ? 0 : -1);
    SHOW_TRUTH((f = fopen("/dir/a.txt", "re")) != NULL);
    SHOW(fcntl(fileno(f), F_GETFD));
    SHOW(fclose(f));
    SHOW_TRUTH((f = fopen("/dir", "r")) != NULL); /* only reading fails */
    SHOW(fgetc(f));
    SHOW_TRUTH(ferror(f));
    SHOW(errno == EISDIR);
    SHOW(fclose(f));
}

static void
reading(void)
{
    FILE *f = fopen("/dir/b.txt", "r");
    fpos_t place;
    int number;

    SHOW_TEXT(fgets(line, sizeof(line), f) ? strtok(line, "\n") : NULL);
    SHOW(ftell(f));
    SHOW(fgetpos(f, &place));
    SHOW(fscanf(f, "%d", &number));
    SHOW(number);
    SHOW(fscanf(f, "%d", &number));
    SHOW(fsetpos(f, &place));
    SHOW(fscanf(f, "%d", &number));
    SHOW(ungetc('!', f));
    SHOW(fgetc(f));
    SHOW(fseek(f, -2, SEEK_END));
    SHOW(fgetc(f));
    SHOW(fgetc(f));
    SHOW(fgetc(f));
    SHOW_TRUTH(feof(f));
    SHOW(fseek(f, -1000, SEEK_CUR));
    SHOW(fseek(f, 0, 99));
    SHOW_TRUTH(feof(f));
    rewind(f);
    SHOW_TRUTH(feof(f));
    SHOW(fputc('x', f));
    SHOW_TRUTH(ferror(f));
    clearerr(f);
    SHOW_TRUTH(ferror(f));
    SHOW(fread(line, 1, sizeof(line), f));
    SHOW(fclose(f));
}

static void
whole_lines(void)
{
    FILE *f = fopen("/long.txt", "r");
    char *text = NULL;
    size_t room = 0;

    SHOW(getline(&text, &room, f));
    SHOW_TRUTH(room > 9000);
    SHOW(getline(&text, &room, f));
    free(text);
    SHOW_TRUTH((f = freopen("/dir/b.txt", "r", f)) != NULL);
    SHOW(fgetc(f));
    SHOW(freopen("/nothere", "r", f) ? 0 : -1);
}

static void
buffers(void)
{
    int ends[2];
    char back[10];
    FILE *f;

    SHOW(pipe2(ends, O_NONBLOCK));
    f = fdopen(ends[1], "w");
    SHOW(fputs("abc\n", f) >= 0);
    SHOW(read(ends[0], back, sizeof(back)));
    SHOW(fflush(f));
    SHOW(read(ends[0], back, sizeof(back)));
    SHOW(setvbuf(f, NULL, _IOLBF, 0));
    SHOW(fprintf(f, "%s %d\n", "x", 7));
    SHOW(read(ends[0], back, sizeof(back)));
    SHOW(ftell(f));
    SHOW(close(ends[0]));
    SHOW(fclose(f));
}

static void
memory_streams(void)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    SHOW(fprintf(f, "%05d|%-6s|%+.3e|%#x", 42, "ab", 12345.678, 255));
    SHOW(fclose(f));
    SHOW_TEXT(text);
    free(text);
    f = fmemopen((char[]){"12 fish"}, 7, "r");
    SHOW(fscanf(f, "%*d %s", line));
    SHOW_TEXT(line);
    SHOW(fclose(f));
}

void
streams(void)
{
    opening();
    reading();
    whole_lines();
    buffers();
    memory_streams();
}
