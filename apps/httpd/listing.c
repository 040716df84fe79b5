/*
 * A directory without an index.html, as a page of its names, in the order in which the file
 * system has them (an archive's are sorted).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "httpd.h"

#define NAMES_MAX 10000 /* of one page */

static void
add_entry(struct text *page, int directory, const char *name)
{
    struct stat st;

    if (fstatat(directory, name, &st, 0) < 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
        return;
    const char *slash = S_ISDIR(st.st_mode) ? "/" : "";
    text_add(page, "<tr><td><a href=\"./");
    text_add_url(page, name);
    text_add(page, "%s\">", slash);
    text_add_html(page, name);
    text_add(page, "%s</a><td>", slash);
    if (S_ISREG(st.st_mode))
        text_add(page, "%llu", (unsigned long long)st.st_size);
    text_add(page, "\n");
}

static void
add_head(struct text *page, const char *path)
{
    text_add(page, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
                   "<meta name=\"viewport\" content=\"width=device-width\"><title>");
    text_add_html(page, path);
    text_add(page, "</title><style>body{font:1rem/1.6 system-ui,sans-serif;margin:2rem auto;"
                   "max-width:44rem;padding:0 1rem;color-scheme:light dark}table{width:100%%;"
                   "border-collapse:collapse}td{overflow-wrap:anywhere}td+td{text-align:right;"
                   "font-variant-numeric:tabular-nums}h1{font-size:1.25rem}</style><h1>");
    text_add_html(page, path);
    text_add(page, "</h1><table>\n");
    if (path[1])
        text_add(page, "<tr><td><a href=\"../\">../</a><td>\n");
}

bool
listing_page(struct text *page, int directory, const char *path)
{
    DIR *names = fdopendir(directory);
    struct dirent *entry;
    unsigned count = 0;

    if (!names) {
        close(directory);
        return false;
    }
    add_head(page, path);
    while (count < NAMES_MAX && (entry = readdir(names)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            add_entry(page, directory, entry->d_name);
            count++;
        }
    text_add(page,
             count < NAMES_MAX ? "</table></html>\n" : "</table><p>... and more.</html>\n");
    closedir(names);
    return true;
}
