/*
 * Small files in memory, with the lines that go before them: what is asked for again and again is
 * looked up, opened and read once a second, so that a file which changes is seen as soon. The table
 * has one place for a hash; who comes later takes it. Memory is bounded by what was free at first.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "httpd.h"

#define PLACES   64
#define FILE_MAX 32768 /* bytes */
#define KEPT_MS  1000
#define SHARE    16 /* of the memory that was free, all files together */

static struct cached *places[PLACES];
static size_t used, most;

/* FNV-1a. */
static struct cached **
place_of(const char *path)
{
    uint32_t hash = 2166136261u;

    for (; *path; path++)
        hash = (hash ^ (unsigned char)*path) * 16777619u;
    return &places[(hash ^ hash >> 16) % PLACES];
}

struct cached *
cache_hold(struct cached *cached)
{
    cached->users++;
    return cached;
}

void
cache_release(struct cached *cached)
{
    if (!cached || --cached->users > 0)
        return;
    used -= cached->version.size;
    free(cached->path);
    free(cached);
}

static void
forget(struct cached **place)
{
    cache_release(*place);
    *place = NULL;
}

struct cached *
cache_find(const char *path)
{
    struct cached *cached = *place_of(path);

    return cached && turn < cached->until && strcmp(cached->path, path) == 0 ? cached : NULL;
}

/* Room for a file, if need be that of all that are too old. */
static bool
make_room(size_t size)
{
    if (!most)
        most = (size_t)sysconf(_SC_AVPHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE) / SHARE;
    for (unsigned i = 0; used + size > most && i < PLACES; i++)
        if (places[i] && turn >= places[i]->until)
            forget(&places[i]);
    return used + size <= most;
}

struct cached *
cache_add(const char *path, int file, const struct version *version)
{
    struct cached **place = place_of(path), *cached;

    forget(place);
    if (version->size > FILE_MAX || !make_room((size_t)version->size))
        return NULL;
    cached = malloc(sizeof(*cached) + (size_t)version->size);
    if (!cached)
        return NULL;
    cached->users = 1;
    cached->until = turn + KEPT_MS;
    cached->version = *version;
    cached->lines_len = 0;
    cached->path = strdup(path);
    used += cached->version.size;
    if (!cached->path ||
        pread(file, cached->body, version->size, 0) != (ssize_t)version->size) {
        cache_release(cached);
        return NULL;
    }
    return *place = cached;
}
