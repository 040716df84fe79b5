/*
 * Formatting for the kernel's own messages, which must work before any library does and while
 * everything else is broken: no allocation, no locale, no floating point.
 */
#include "kernel/kernel.h"
#include "kernel/string.h"

struct output {
    char *to;
    size_t size;
    size_t len; /* of the whole text, also what did not fit */
};

struct spec {
    bool left, zero;
    int width, precision; /* precision -1: none given */
    int longs;            /* ll: 2, l: 1, h: -1, hh: -2 */
};

static void
put(struct output *o, char c)
{
    if (o->len + 1 < o->size)
        o->to[o->len] = c;
    o->len++;
}

static void
put_repeated(struct output *o, char c, size_t count)
{
    for (; count; count--)
        put(o, c);
}

/* The text behind `sign`, in a field of at least the width. */
static void
put_field(struct output *o, const struct spec *s, const char *sign, const char *text,
          size_t len)
{
    size_t all = strlen(sign) + len, pad = 0;

    if ((size_t)s->width > all)
        pad = (size_t)s->width - all;
    if (!s->left && !s->zero)
        put_repeated(o, ' ', pad);
    for (; *sign; sign++)
        put(o, *sign);
    if (!s->left && s->zero)
        put_repeated(o, '0', pad);
    for (size_t i = 0; i < len; i++)
        put(o, text[i]);
    if (s->left)
        put_repeated(o, ' ', pad);
}

static void
put_number(struct output *o, const struct spec *s, uint64_t value, unsigned base, bool upper,
           const char *sign)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[20]; /* digits of 2^64 - 1 */
    size_t at = sizeof(text);

    /* No %: libgcc's division with remainder is another 450 bytes in every image. */
    do {
        uint64_t rest = value / base;
        text[--at] = digits[value - rest * base];
        value = rest;
    } while (value);
    put_field(o, s, sign, text + at, sizeof(text) - at);
}

static const char *
parse_spec(const char *f, struct spec *s, va_list *ap)
{
    *s = (struct spec){.precision = -1};
    for (;; f++) {
        if (*f == '-')
            s->left = true;
        else if (*f == '0')
            s->zero = true;
        else
            break;
    }
    if (*f == '*') {
        s->width = va_arg(*ap, int);
        if (s->width < 0) {
            s->left = true;
            s->width = -s->width;
        }
        f++;
    }
    while (*f >= '0' && *f <= '9')
        s->width = s->width * 10 + (*f++ - '0');
    if (*f == '.') {
        s->precision = 0;
        if (*++f == '*') {
            s->precision = va_arg(*ap, int);
            f++;
        }
        while (*f >= '0' && *f <= '9')
            s->precision = s->precision * 10 + (*f++ - '0');
    }
    while (*f == 'h' || *f == 'l' || *f == 'z') {
        if (*f == 'l')
            s->longs++;
        if (*f == 'h')
            s->longs--;
        if (*f == 'z')
            s->longs = 1;
        f++;
    }
    return f;
}

static uint64_t
unsigned_argument(const struct spec *s, va_list *ap)
{
    if (s->longs == 2)
        return va_arg(*ap, unsigned long long);
    if (s->longs == 1)
        return va_arg(*ap, unsigned long);
    unsigned value = va_arg(*ap, unsigned);
    if (s->longs == -1)
        return (unsigned short)value;
    if (s->longs == -2)
        return (unsigned char)value;
    return value;
}

static int64_t
signed_argument(const struct spec *s, va_list *ap)
{
    if (s->longs == 2)
        return va_arg(*ap, long long);
    if (s->longs == 1)
        return va_arg(*ap, long);
    int value = va_arg(*ap, int);
    if (s->longs == -1)
        return (short)value;
    if (s->longs == -2)
        return (signed char)value;
    return value;
}

static void
put_conversion(struct output *o, char conversion, struct spec *s, va_list *ap)
{
    const char *text;
    int64_t value;
    char c;

    switch (conversion) {
    case 'd':
    case 'i':
        value = signed_argument(s, ap);
        put_number(o, s, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, false,
                   value < 0 ? "-" : "");
        return;
    case 'u':
        put_number(o, s, unsigned_argument(s, ap), 10, false, "");
        return;
    case 'x':
    case 'X':
        put_number(o, s, unsigned_argument(s, ap), 16, conversion == 'X', "");
        return;
    case 'p':
        s->zero = true;
        s->width = 10;
        put_number(o, s, (uintptr_t)va_arg(*ap, void *), 16, false, "0x");
        return;
    case 'c':
        c = (char)va_arg(*ap, int);
        put_field(o, s, "", &c, 1);
        return;
    case 's':
        text = va_arg(*ap, const char *);
        if (!text)
            text = "(null)";
        put_field(o, s, "", text,
                  s->precision >= 0 ? strnlen(text, (size_t)s->precision) : strlen(text));
        return;
    default:
        put(o, conversion);
    }
}

int
kvsnprintf(char *to, size_t size, const char *format, va_list ap)
{
    struct output o = {.to = to, .size = size};
    struct spec s;
    va_list args;

    va_copy(args, ap);
    for (const char *f = format; *f; f++) {
        if (*f != '%') {
            put(&o, *f);
            continue;
        }
        f = parse_spec(f + 1, &s, &args);
        if (!*f)
            break;
        put_conversion(&o, *f, &s, &args);
    }
    va_end(args);
    if (size)
        to[MIN(o.len, size - 1)] = '\0';
    return (int)o.len;
}

int
ksnprintf(char *to, size_t size, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    int n = kvsnprintf(to, size, format, ap);
    va_end(ap);
    return n;
}

static int
digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

int
parse_number(const char *text, uint64_t max, uint64_t *out)
{
    unsigned base = 10;
    uint64_t value = 0;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (!*text)
        return -EINVAL;
    for (; *text; text++) {
        unsigned digit = (unsigned)digit_value(*text);
        if (digit >= base || value > (max - digit) / base || digit > max)
            return -EINVAL;
        value = value * base + digit;
    }
    *out = value;
    return 0;
}
