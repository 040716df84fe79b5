/*
 * Completion: a command in the first word, a file in all others. Words with quotes or
 * backslashes in them are left alone.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "shell.h"

typedef void found_fn(const char *word, char closing, void *arg);

static void
complete_command(const char *typed, found_fn *found, void *arg)
{
    for (const struct command *c = commands; c->name; c++)
        if (strncmp(c->name, typed, strlen(typed)) == 0)
            found(c->name, ' ', arg);
}

/* "dir/na": names in dir that begin with na. */
static void
complete_file(const char *typed, found_fn *found, void *arg)
{
    const char *slash = strrchr(typed, '/');
    const char *name = slash ? slash + 1 : typed;
    char path[LINE_MAX_BYTES + 256];
    struct dirent *entry;
    struct stat st;

    snprintf(path, sizeof(path), "%.*s", (int)(name - typed), typed);
    DIR *names = opendir(path[0] ? path : ".");
    while (names && (entry = readdir(names))) {
        bool hidden = entry->d_name[0] == '.' && name[0] != '.';
        if (hidden || strncmp(entry->d_name, name, strlen(name)) != 0)
            continue;
        snprintf(path, sizeof(path), "%.*s%s", (int)(name - typed), typed, entry->d_name);
        bool directory = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
        found(path, directory ? '/' : ' ', arg);
    }
    if (names)
        closedir(names);
}

size_t
complete(const char *text, found_fn *found, void *arg)
{
    size_t start = strlen(text);
    bool first_word = true;

    if (strpbrk(text, "\"'\\"))
        return start;
    while (start > 0 && text[start - 1] != ' ')
        start--;
    for (size_t i = 0; i < start; i++)
        first_word = first_word && text[i] == ' ';
    if (first_word)
        complete_command(text + start, found, arg);
    else
        complete_file(text + start, found, arg);
    return start;
}
