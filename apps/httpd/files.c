/*
 * Files and directories as answers: which file a path means, what kind of file it is, whether
 * the client has it already (RFC 9110, 13) and which part of it is wanted (RFC 9110, 14).
 *
 * Only what is a plain file or a directory is served: "/dev" may lie in the same tree.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "httpd.h"

static int root = -1;
static dev_t root_device;
static uint64_t run_tag;

void
files_init(int root_directory, uint64_t run)
{
    struct stat st;

    root = root_directory;
    run_tag = run;
    if (fstat(root, &st) == 0)
        root_device = st.st_dev;
}

static const char *
type_of(const char *path)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        {"html", "text/html; charset=utf-8"},
        {"htm", "text/html; charset=utf-8"},
        {"css", "text/css; charset=utf-8"},
        {"js", "text/javascript; charset=utf-8"},
        {"mjs", "text/javascript; charset=utf-8"},
        {"txt", "text/plain; charset=utf-8"},
        {"md", "text/plain; charset=utf-8"},
        {"json", "application/json"},
        {"xml", "application/xml"},
        {"svg", "image/svg+xml"},
        {"png", "image/png"},
        {"jpg", "image/jpeg"},
        {"jpeg", "image/jpeg"},
        {"gif", "image/gif"},
        {"webp", "image/webp"},
        {"ico", "image/x-icon"},
        {"woff2", "font/woff2"},
        {"pdf", "application/pdf"},
        {"wasm", "application/wasm"},
        {"mp4", "video/mp4"},
        {"webm", "video/webm"},
        {"mp3", "audio/mpeg"},
        {"gz", "application/gzip"},
        {"tar", "application/x-tar"},
        {"zip", "application/zip"},
    };
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++)
        if (strcasecmp(dot + 1, types[i].ending) == 0)
            return types[i].type;
    return "application/octet-stream";
}

/* ---- errors ---- */

static void
answer_errno(struct answer *answer, int error, bool keep)
{
    int status = 500;

    if (error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG || error == ELOOP)
        status = 404;
    else if (error == EACCES)
        status = 403;
    else if (error == ENOMEM || error == EMFILE || error == ENFILE)
        status = 503;
    answer_begin(answer, status, keep);
    answer_with_page(answer);
}

/* ---- what the client has already ---- */

#define DATE_FORMAT "%a, %d %b %Y %H:%M:%S GMT"

/*
 * Archives that are made to be the same every time have no file times, so the tag holds the
 * run of the server too: what was cached from another archive is never taken for this one.
 */
static void
version_of(const struct stat *st, const char *path, struct version *version)
{
    version->size = (uint64_t)st->st_size;
    version->time = st->st_mtime;
    version->type = type_of(path);
    version->date[0] = '\0';
    snprintf(version->tag, sizeof(version->tag), "\"%llx-%llx-%llx-%llx\"",
             (unsigned long long)run_tag, (unsigned long long)st->st_ino,
             (unsigned long long)st->st_size, (unsigned long long)st->st_mtime);
    if (st->st_mtime > 0)
        strftime(version->date, sizeof(version->date), DATE_FORMAT, gmtime(&st->st_mtime));
}

static bool
not_modified(const struct request *request, const struct version *version)
{
    struct tm tm = {0};

    if (request->if_none_match) /* it counts alone (RFC 9110, 13.1.3) */
        return request_has_tag(request->if_none_match, version->tag);
    if (!request->if_modified_since || !version->date[0])
        return false;
    const char *end = strptime(request->if_modified_since, DATE_FORMAT, &tm);
    return end && !*end && version->time <= timegm(&tm);
}

/* If-Range asks for an exact match (RFC 9110, 13.1.5). */
static bool
range_is_of(const char *if_range, const struct version *version)
{
    return strcmp(if_range, version->tag) == 0 ||
           (version->date[0] && strcmp(if_range, version->date) == 0);
}

/* ---- files ---- */

static void
add_version(struct answer *answer, const struct version *version)
{
    answer_field(answer, "ETag: %s\r\n", version->tag);
    if (version->date[0])
        answer_field(answer, "Last-Modified: %s\r\n", version->date);
}

static void
answer_unsatisfiable(struct answer *answer, uint64_t size, bool keep)
{
    answer_begin(answer, 416, keep);
    answer_field(answer, "Content-Range: bytes */%llu\r\n", (unsigned long long)size);
    answer_with_page(answer);
}

/* The fields behind those of the version. */
static void
add_content(struct answer *answer, const struct version *version, uint64_t length)
{
    answer_field(answer,
                 "Accept-Ranges: bytes\r\nContent-Type: %s\r\nContent-Length: %llu\r\n\r\n",
                 version->type, (unsigned long long)length);
}

/* All fields of a whole file, which are the same as long as it is cached. */
static void
add_whole(struct answer *answer, const struct version *version, struct cached *cached)
{
    size_t before = answer->head_len;

    if (cached && cached->lines_len) {
        answer_lines(answer, cached->lines, cached->lines_len);
        return;
    }
    add_version(answer, version);
    add_content(answer, version, version->size);
    size_t len = answer->head_len - before;
    if (cached && len <= sizeof(cached->lines)) {
        memcpy(cached->lines, answer->head + before, len);
        cached->lines_len = len;
    }
}

/* `length` bytes of the file, from `first` on. Takes over the descriptor, if it is one. */
static void
set_body(struct answer *answer, struct cached *cached, int file, uint64_t first,
         uint64_t length)
{
    if (cached) {
        answer->cached = cache_hold(cached);
        answer->body = cached->body + first;
        answer->body_len = (size_t)length;
        if (file >= 0)
            close(file);
        return;
    }
    answer->file = file;
    answer->at = first;
    answer->left = length;
}

/* Takes over the descriptor, which is -1 where all of it is cached. */
static void
answer_file(struct answer *answer, const struct request *request, const struct version *version,
            struct cached *cached, int file, bool keep)
{
    uint64_t first = 0, last = 0;
    enum range range = RANGE_NONE;

    if (not_modified(request, version)) {
        answer_begin(answer, 304, keep);
        set_body(answer, cached, file, 0, 0);
        add_version(answer, version);
        answer_field(answer, "\r\n");
        return;
    }
    if (request->range && !request->head &&
        (!request->if_range || range_is_of(request->if_range, version)))
        range = request_range(request->range, version->size, &first, &last);
    if (range == RANGE_UNSATISFIABLE) {
        if (file >= 0)
            close(file);
        answer_unsatisfiable(answer, version->size, keep);
        return;
    }
    answer_begin(answer, range == RANGE_GOOD ? 206 : 200, keep);
    if (range != RANGE_GOOD) {
        set_body(answer, cached, file, 0, version->size);
        add_whole(answer, version, cached);
        return;
    }
    set_body(answer, cached, file, first, last - first + 1);
    add_version(answer, version);
    answer_field(answer, "Content-Range: bytes %llu-%llu/%llu\r\n", (unsigned long long)first,
                 (unsigned long long)last, (unsigned long long)version->size);
    add_content(answer, version, last - first + 1);
}

/* A file that was found by that name. Takes over the descriptor. */
static void
answer_found(struct answer *answer, const struct request *request, const char *name, int file,
             const struct stat *st, bool keep)
{
    struct version version;

    version_of(st, name, &version);
    answer_file(answer, request, &version, cache_add(request->path, file, &version), file,
                keep);
}

/* ---- directories ---- */

/* To the name with a "/" behind, so that relative links in the page work. */
static void
answer_redirect(struct answer *answer, const struct request *request, bool keep)
{
    struct text url = {0};

    text_add_url(&url, request->path);
    text_add(&url, "/%s", request->query);
    answer_begin(answer, 301, keep);
    if (!url.failed && url.len < 500)
        answer_field(answer, "Location: %s\r\n", url.data);
    free(url.data);
    answer_with_page(answer);
}

static int
open_plain(const char *path, struct stat *st)
{
    int file = openat(root, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (file < 0 || (fstat(file, st) == 0 && st->st_dev == root_device &&
                     (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode))))
        return file;
    close(file);
    errno = ENOENT;
    return -1;
}

/* Takes over the descriptor of the directory. */
static void
answer_directory(struct answer *answer, const struct request *request, int directory, bool keep)
{
    char index[REQUEST_PATH_MAX + 16];
    struct text page = {0};
    struct stat st;

    if (request->path[strlen(request->path) - 1] != '/') {
        close(directory);
        answer_redirect(answer, request, keep);
        return;
    }
    snprintf(index, sizeof(index), ".%sindex.html", request->path);
    int file = open_plain(index, &st);
    if (file >= 0 && S_ISREG(st.st_mode)) {
        close(directory);
        answer_found(answer, request, index, file, &st, keep);
        return;
    }
    if (file >= 0)
        close(file);
    if (!listing_page(&page, directory, request->path))
        page.failed = true;
    answer_begin(answer, 200, keep);
    answer_with_text(answer, "text/html; charset=utf-8", &page);
}

void
files_answer(struct answer *answer, const struct request *request, bool keep)
{
    struct cached *cached = cache_find(request->path);
    char path[REQUEST_PATH_MAX + 1];
    struct stat st;

    if (cached) {
        answer_file(answer, request, &cached->version, cached, -1, keep);
        return;
    }
    snprintf(path, sizeof(path), ".%s", request->path);
    int file = open_plain(path, &st);
    if (file < 0)
        answer_errno(answer, errno, keep);
    else if (S_ISDIR(st.st_mode))
        answer_directory(answer, request, file, keep);
    else
        answer_found(answer, request, path, file, &st, keep);
}
