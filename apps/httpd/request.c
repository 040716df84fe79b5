/*
 * The request line and the fields that the server knows. Two rules keep clients from being
 * understood differently here and elsewhere: a line that is not exactly of the grammar is an
 * error, and so is a field that frames the message twice (RFC 9112, 11.2: request smuggling).
 */
#define _GNU_SOURCE
#include <string.h>
#include <strings.h>
#include "request.h"

#define METHOD_MAX 32   /* letters; the longest registered one has 17 */
#define TARGET_MAX 4096 /* bytes of an undecoded request line's target */

/* ---- characters ---- */

enum { TOKEN = 1, CONTROL = 2, NO_HOST = 4 };

/* RFC 9110, 5.6.2 and 5.5: of tokens; in no value of a field; in no host. */
static const unsigned char classes[256] = {
    [0 ... '\t' - 1] = CONTROL,
    ['\t'] = NO_HOST,
    ['\t' + 1 ... 0x1f] = CONTROL,
    [0x7f] = CONTROL,
    [' '] = NO_HOST,
    ['/'] = NO_HOST,
    ['?'] = NO_HOST,
    ['@'] = NO_HOST,
    ['\\'] = NO_HOST,
    [','] = NO_HOST,
    ['#'] = TOKEN | NO_HOST,
    ['!'] = TOKEN,
    ['$'] = TOKEN,
    ['%'] = TOKEN,
    ['&'] = TOKEN,
    ['\''] = TOKEN,
    ['*'] = TOKEN,
    ['+'] = TOKEN,
    ['-'] = TOKEN,
    ['.'] = TOKEN,
    ['0' ... '9'] = TOKEN,
    ['A' ... 'Z'] = TOKEN,
    ['^' ... 'z'] = TOKEN,
    ['|'] = TOKEN,
    ['~'] = TOKEN,
};

static bool
is(char c, int class)
{
    return classes[(unsigned char)c] & class;
}

static size_t
token_length(const char *text)
{
    size_t len = 0;

    while (is(text[len], TOKEN))
        len++;
    return len;
}

/* Digits only, and below 2^63. */
static bool
parse_decimal(const char *text, size_t len, uint64_t *out)
{
    uint64_t value = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || value > (INT64_MAX - 9) / 10)
            return false;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    *out = value;
    return len > 0;
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* ---- the target ---- */

/* One character of the path, decoded; -1 for what no path may contain. A "/" or a NUL that
 * was hidden in percent signs is nobody's honest file name, nor is a backslash. */
static int
decode_char(const char **at)
{
    int c = (unsigned char)*(*at)++;

    if (c == '%') {
        int high = hex_digit((*at)[0]);
        int low = high < 0 ? -1 : hex_digit((*at)[1]);
        if (low < 0)
            return -1;
        *at += 2;
        c = high << 4 | low;
        if (c == '/')
            return -1;
    }
    return c < 0x20 || c == 0x7f || c == '\\' ? -1 : c;
}

/* True if a component is "..", which browsers solve themselves. "." is dropped later. */
static bool
climbs(const char *path)
{
    for (const char *at = path; (at = strstr(at, "/..")); at += 3)
        if (at[3] == '/' || at[3] == '\0')
            return true;
    return false;
}

/* Take "." components and double slashes out, in place. */
static void
straighten(char *path)
{
    const char *at = path;
    char *to = path;

    while (*at) {
        const char *name = at + strspn(at, "/");
        size_t len = strcspn(name, "/");
        at = name + len;
        *to++ = '/';
        if (len == 1 && name[0] == '.') {
            if (*at)
                to--; /* the next "/" stands for both */
            continue;
        }
        memmove(to, name, len);
        to += len;
    }
    *to = '\0';
}

/* "/path?query" into path and query; a status. */
static int
parse_origin(char *target, struct request *request)
{
    const char *at = target;
    bool crooked = false;
    size_t len = 0;

    if (target[0] != '/')
        return 400;
    while (*at && *at != '?') {
        int c = decode_char(&at);
        if (c < 0)
            return 400;
        if (len + 1 >= sizeof(request->path))
            return 414;
        crooked |= (c == '.' || c == '/') && len > 0 && request->path[len - 1] == '/';
        request->path[len++] = (char)c;
    }
    request->path[len] = '\0';
    request->query = at;
    for (; *at; at++)
        if ((unsigned char)*at <= 0x20 || *at == 0x7f)
            return 400;
    if (crooked && climbs(request->path))
        return 400;
    if (crooked)
        straighten(request->path);
    return 0;
}

/* Origin form, or absolute form, which a server has to accept (RFC 9112, 3.2.2). */
static int
parse_target(char *target, struct request *request)
{
    if (strlen(target) > TARGET_MAX)
        return 414;
    if (strncasecmp(target, "http://", 7) == 0) {
        char *path = target + 7 + strcspn(target + 7, "/?");
        for (const char *c = target; c < path; c++)
            if (is(*c, CONTROL) || *c == '\t')
                return 400;
        if (path == target + 7)
            return 400;
        if (*path != '/') { /* "http://host" and "http://host?query" mean "/" */
            *--path = '/';
            return parse_origin(path, request);
        }
        target = path;
    }
    return parse_origin(target, request);
}

/* ---- the request line ---- */

static int
check_method(const char *method, bool *head)
{
    static const char *const refused[] = {"POST",    "PUT",   "DELETE", "CONNECT",
                                          "OPTIONS", "TRACE", "PATCH"};

    *head = strcmp(method, "HEAD") == 0;
    if (*head || strcmp(method, "GET") == 0)
        return 0;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (strcmp(method, refused[i]) == 0)
            return 405;
    return 501;
}

/* "HTTP/1.1": one digit each (RFC 9112, 2.3). */
static int
check_version(const char *version, bool *http_1_0)
{
    if (strncmp(version, "HTTP/", 5) != 0 || strlen(version) != 8 || version[6] != '.' ||
        version[5] < '0' || version[5] > '9' || version[7] < '0' || version[7] > '9')
        return 400;
    *http_1_0 = version[7] == '0';
    return version[5] == '1' ? 0 : 505;
}

/* Method, one blank, target, one blank, version. */
static int
parse_request_line(char *line, struct request *request)
{
    char *method_end = line + token_length(line);
    char *target = method_end + 1;
    char *version;

    if (method_end == line || *method_end != ' ' || method_end - line > METHOD_MAX)
        return 400;
    *method_end = '\0';
    version = strchr(target, ' ');
    if (!version || version == target)
        return strlen(target) > TARGET_MAX ? 414 : 400;
    *version++ = '\0';
    int status = check_version(version, &request->http_1_0);
    request->keep_alive = !status && !request->http_1_0;
    if (!status)
        status = check_method(line, &request->head);
    return status ? status : parse_target(target, request);
}

/* ---- fields ---- */

struct framing {
    bool host, length, transfer_encoding;
};

/* True if a comma-separated list has the word, whatever its case. */
static bool
list_has(const char *list, const char *word)
{
    size_t len = strlen(word);

    while (*list) {
        list += strspn(list, ", \t");
        size_t item = strcspn(list, ", \t");
        if (item == len && strncasecmp(list, word, len) == 0)
            return true;
        list += item;
    }
    return false;
}

static int
take_connection(const char *value, struct request *request)
{
    if (list_has(value, "close"))
        request->keep_alive = false;
    else if (request->http_1_0 && list_has(value, "keep-alive"))
        request->keep_alive = true;
    return 0;
}

static int
take_length(const char *value, struct request *request, struct framing *framing)
{
    if (framing->length || !parse_decimal(value, strlen(value), &request->body))
        return 400;
    framing->length = true;
    return 0;
}

static int
take_expect(const char *value, struct request *request)
{
    if (strcasecmp(value, "100-continue") != 0)
        return 417;
    request->expects_100 = !request->http_1_0;
    return 0;
}

/* RFC 9112, 3.2: just one, and nothing in it that could be taken for more than a host. */
static int
take_host(const char *value, struct framing *framing)
{
    for (const char *c = value; *c; c++)
        if (is(*c, NO_HOST))
            return 400;
    if (framing->host)
        return 400;
    framing->host = true;
    return 0;
}

/* One field; 0 or a status. A repeated Range or condition is left as the first one said. */
static int
take_field(const char *name, size_t len, const char *value, struct request *request,
           struct framing *framing)
{
    const struct {
        const char *name;
        const char **to;
    } kept[] = {
        {"range", &request->range},
        {"if-range", &request->if_range},
        {"if-none-match", &request->if_none_match},
        {"if-modified-since", &request->if_modified_since},
    };

    if (len == 4 && strcasecmp(name, "host") == 0)
        return take_host(value, framing);
    if (len == 14 && strcasecmp(name, "content-length") == 0)
        return take_length(value, request, framing);
    if (len == 10 && strcasecmp(name, "connection") == 0)
        return take_connection(value, request);
    if (len == 6 && strcasecmp(name, "expect") == 0)
        return take_expect(value, request);
    if (len == 17 && strcasecmp(name, "transfer-encoding") == 0)
        framing->transfer_encoding = true;
    if ((name[0] | 0x20) != 'r' && (name[0] | 0x20) != 'i')
        return 0;
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        if (strcasecmp(name, kept[i].name) == 0 && !*kept[i].to)
            *kept[i].to = value;
    return 0;
}

/* "name: value" and the end of its line: "\r\n", or "\n" alone, which a server may take (RFC 9112,
 * 2.2). No blank before the colon, no folded line (5.1, 5.2). */
static int
parse_field(char *line, char **next, struct request *request, struct framing *framing)
{
    size_t len = token_length(line);

    if (len == 0 || line[len] != ':')
        return 400;
    line[len] = '\0';
    char *value = line + len + 1, *end;
    while (*value == ' ' || *value == '\t')
        value++;
    for (end = value; !is(*end, CONTROL); end++)
        continue;
    char *newline = end + (*end == '\r');
    if (*newline != '\n')
        return 400;
    *next = newline + 1;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *end = '\0';
    return take_field(line, len, value, request, framing);
}

/* What the fields say together. A body that is sent in chunks is not taken: there is nothing
 * here to upload to, and the next request would have to be found behind it. */
static int
check_framing(const struct request *request, const struct framing *framing)
{
    if (!framing->host && !request->http_1_0)
        return 400;
    if (framing->transfer_encoding)
        return framing->length || request->http_1_0 ? 400 : 501;
    return 0;
}

/* ---- the head ---- */

/* End a line: "\r\n", or "\n" alone, which a server may take (RFC 9112, 2.2). Returns the next
 * one, or NULL when no line ends in the `len` bytes. */
static char *
end_line(char *line, size_t len)
{
    char *newline = memchr(line, '\n', len);

    if (!newline)
        return NULL;
    *newline = '\0';
    if (newline > line && newline[-1] == '\r')
        newline[-1] = '\0';
    return newline + 1;
}

/* Bytes of the head with its empty line, 0 while that is not there. *nul: it has one. */
static size_t
head_length(const char *head, size_t len, bool *nul)
{
    size_t line = 0;

    for (size_t i = 0; i < len; i++) {
        if (head[i] >= ' ')
            continue;
        *nul |= head[i] == '\0';
        if (head[i] != '\n')
            continue;
        if (i == line || (i == line + 1 && head[line] == '\r'))
            return i + 1;
        line = i + 1;
    }
    return 0;
}

/* The lines up to the empty one, which is there. */
static int
parse_fields(char *line, struct request *request)
{
    struct framing framing = {0};

    while (line[0] != '\n' && (line[0] != '\r' || line[1] != '\n')) {
        int status = parse_field(line, &line, request, &framing);
        if (status)
            return status;
    }
    return check_framing(request, &framing);
}

/* The first line, as far as it is there, cannot become a request's: a byte that no method has,
 * as a TLS hello begins with, a control character, or a whole line without a version. */
static bool
is_hopeless(const char *line, size_t len)
{
    const char *newline = memchr(line, '\n', len);
    size_t text = newline ? (size_t)(newline - line) : len;
    size_t method = 0;

    if (newline && text > 0 && line[text - 1] == '\r')
        text--;
    while (method < text && is(line[method], TOKEN))
        method++;
    if (method > METHOD_MAX || (method < text && (method == 0 || line[method] != ' ')))
        return true;
    for (size_t i = method; i < text; i++)
        if ((unsigned char)line[i] < ' ' && line[i] != '\r')
            return true;
    if (!newline)
        return false;
    const char *version = method < text ? memrchr(line, ' ', text) : NULL;
    return !version || version == line + method ||
           (size_t)(line + text - version) < sizeof(" HTTP/") - 1 ||
           memcmp(version, " HTTP/", sizeof(" HTTP/") - 1) != 0;
}

size_t
request_parse(char *head, size_t len, struct request *request)
{
    /* Empty lines in front are remains of an earlier message (RFC 9112, 2.2). */
    size_t blank = 0;

    bool nul = false;

    memset(request, 0, offsetof(struct request, path));
    request->path[0] = '\0';
    request->query = "";
    while (blank < len && (head[blank] == '\r' || head[blank] == '\n'))
        blank++;
    char *line = head + blank;
    size_t text = head_length(line, len - blank, &nul);
    if (!text && blank < len && is_hopeless(line, len - blank)) {
        request->status = 400;
        return len;
    }
    if (!text && len < REQUEST_HEAD_MAX)
        return 0;
    if (!text) { /* is it the target or the fields that are too much? */
        request->status = memchr(line, '\n', len - blank) ? 431 : 414;
        return len;
    }
    if (nul) { /* texts end there from here on */
        request->status = 400;
        return blank + text;
    }
    char *fields = end_line(line, text);
    int line_status = parse_request_line(line, request);
    /* Also of a request that is refused: the fields say where the next one begins. */
    int field_status = parse_fields(fields, request);
    request->status = line_status ? line_status : field_status;
    if (line_status == 400 || field_status)
        request->keep_alive = false;
    return blank + text;
}

/* ---- what fields mean ---- */

enum range
request_range(const char *field, uint64_t size, uint64_t *first, uint64_t *last)
{
    if (strncasecmp(field, "bytes=", 6) != 0)
        return RANGE_NONE;
    field += 6;
    const char *dash = strchr(field, '-');
    if (!dash)
        return RANGE_NONE;
    size_t left = (size_t)(dash - field), right = strlen(dash + 1);
    if (left == 0) { /* "-500": the last 500 bytes */
        uint64_t suffix;
        if (!parse_decimal(dash + 1, right, &suffix))
            return RANGE_NONE;
        *first = suffix < size ? size - suffix : 0;
        *last = size - 1;
        return suffix == 0 || size == 0 ? RANGE_UNSATISFIABLE : RANGE_GOOD;
    }
    *last = UINT64_MAX;
    if (!parse_decimal(field, left, first) ||
        (right > 0 && !parse_decimal(dash + 1, right, last)) || *last < *first)
        return RANGE_NONE;
    if (*first >= size)
        return RANGE_UNSATISFIABLE;
    if (*last > size - 1)
        *last = size - 1;
    return RANGE_GOOD;
}

bool
request_has_tag(const char *list, const char *tag)
{
    size_t len = strlen(tag);

    list += strspn(list, " \t");
    if (list[0] == '*')
        return true;
    while (*list) {
        list += strspn(list, ", \t");
        if (strncmp(list, "W/", 2) == 0)
            list += 2;
        if (*list != '"')
            return false;
        const char *end = strchr(list + 1, '"');
        if (!end)
            return false;
        if ((size_t)(end + 1 - list) == len && strncmp(list, tag, len) == 0)
            return true;
        list = end + 1;
    }
    return false;
}
