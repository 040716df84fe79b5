/*
 * Text that grows as it is added to, for pages whose length nobody knows before. Running out
 * of memory is remembered and asked for once, at the end.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "httpd.h"

static bool
make_room(struct text *text, size_t more)
{
    size_t size = text->size ? text->size : 1024;

    while (size < text->len + more)
        size *= 2;
    if (size == text->size)
        return true;
    char *data = realloc(text->data, size);
    if (!data) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->size = size;
    return true;
}

void
text_add(struct text *text, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    int len = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    if (len < 0 || text->failed || !make_room(text, (size_t)len + 1))
        return;
    va_start(ap, format);
    vsnprintf(text->data + text->len, (size_t)len + 1, format, ap);
    va_end(ap);
    text->len += (size_t)len;
}

void
text_add_html(struct text *text, const char *from)
{
    for (; *from; from++) {
        if (strchr("<>&\"'", *from))
            text_add(text, "&#%d;", *from);
        else
            text_add(text, "%c", *from);
    }
}

/* RFC 3986, 2.3 and the sub-delimiters that mean nothing in a path. */
void
text_add_url(struct text *text, const char *from)
{
    for (; *from; from++) {
        unsigned char c = (unsigned char)*from;
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                     (c >= 'A' && c <= 'Z') || strchr("-._~!$()*+,;=:@/", c);
        text_add(text, plain ? "%c" : "%%%02X", c);
    }
}

void
text_add_json(struct text *text, const char *from)
{
    for (; *from; from++) {
        unsigned char c = (unsigned char)*from;
        if (c == '"' || c == '\\')
            text_add(text, "\\%c", c);
        else if (c < 0x20)
            text_add(text, "\\u%04x", c);
        else
            text_add(text, "%c", c);
    }
}
