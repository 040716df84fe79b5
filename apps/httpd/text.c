/*
 * Text that grows as it is added to, for pages whose length nobody knows before. Running out
 * of memory is remembered and asked for once, at the end.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "httpd.h"

/* Room for `more` bytes and a NUL. */
static bool
make_room(struct text *text, size_t more)
{
    size_t size = text->size ? text->size : 1024;

    if (text->failed)
        return false;
    if (text->len + more < text->size)
        return true;
    while (size <= text->len + more)
        size *= 2;
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

    if (!make_room(text, 0))
        return;
    va_start(ap, format);
    int len = vsnprintf(text->data + text->len, text->size - text->len, format, ap);
    va_end(ap);
    if (len < 0)
        return;
    if ((size_t)len >= text->size - text->len) { /* now it is known how much room it wants */
        if (!make_room(text, (size_t)len))
            return;
        va_start(ap, format);
        vsnprintf(text->data + text->len, text->size - text->len, format, ap);
        va_end(ap);
    }
    text->len += (size_t)len;
}

void
text_add_bytes(struct text *text, const char *from, size_t len)
{
    if (!make_room(text, len))
        return;
    memcpy(text->data + text->len, from, len);
    text->len += len;
    text->data[text->len] = '\0';
}

void
text_add_plain(struct text *text, const char *from)
{
    text_add_bytes(text, from, strlen(from));
}

size_t
text_digits(char to[TEXT_DIGITS], unsigned long long number)
{
    char digits[TEXT_DIGITS];
    size_t at = sizeof(digits), len;

    for (; number > UINT32_MAX; number /= 10)
        digits[--at] = (char)('0' + number % 10);
    uint32_t rest = (uint32_t)number; /* which the processor divides by itself */
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    len = sizeof(digits) - at;
    memcpy(to, digits + at, len);
    return len;
}

void
text_add_number(struct text *text, unsigned long long number)
{
    if (make_room(text, TEXT_DIGITS))
        text->len += text_digits(text->data + text->len, number);
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
        if (c < 0x20)
            text_add(text, "\\u%04x", c);
        else if (make_room(text, 2)) {
            if (c == '"' || c == '\\')
                text->data[text->len++] = '\\';
            text->data[text->len++] = (char)c;
        }
    }
}
